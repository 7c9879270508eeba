"""Reads a text as a person would see it, whatever characters it is written with: the form that every gate works on."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

# Letters that look like Latin ones (Unicode's confusables, the everyday ones): Cyrillic and Greek.
_LOOK_ALIKES: Final = str.maketrans(
    "\u0430\u0431\u0432\u0433\u0435\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0501\u0442\u0443"
    "\u0445\u0455\u051b\u051d\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425"
    "\u0406\u0408\u0405\u04cf"
    "\u03b1\u03b2\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0391\u0392\u0395\u0396\u0397"
    "\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0131\u0251\u0261",
    "a6breijkmhopcdtyxsqwABEKMHOPCTYXIJSlabeikvoptuxABEZHIKMNOPTYXiag",
)
_COMBINING: Final = re.compile(r"[\u0300-\u036f]+")
# Zero-width characters, direction marks, tags, soft hyphens, variation selectors, keycaps: seen by nobody.
INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_DOTS: Final = str.maketrans("\u3002\u2024\u2027\u2219\u2e31", ".....")


@lru_cache(maxsize=128)
def plain(text: str) -> str:
    """The text in composed compatibility form (full-width and styled letters are plain), without what is unseen."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).translate(_DOTS)


@lru_cache(maxsize=128)
def folded(text: str) -> str:
    """`plain`, in lower case, without accents and with look-alike letters as Latin ones. Its length may differ."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", plain(text).translate(_LOOK_ALIKES))
    return _COMBINING.sub("", decomposed).lower()


def compact(folded_text: str) -> str:
    """Only its letters and digits: how a text is compared whatever its spacing and punctuation."""
    return re.sub(r"[\W_]+", "", folded_text)


def leaves(value: Any) -> Iterator[str | int | float]:
    """Every text and number in a JSON value."""
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield value


def sentences_of(text: str) -> list[str]:
    """A folded text cut at the ends of its sentences and lines."""
    return [one for piece in re.split(r"[.!?;\n]+(?=\s|$)|\n", text) if (one := piece.strip())]
