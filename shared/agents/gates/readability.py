"""Gate "readability" (version 1): a reply is text that a person reads, not a cipher.

Base64, hexadecimal, binary, Morse, percent signs, letters of mixed alphabets, letters that nobody sees and texts
without a word of any language are ways to carry something out past whoever reads along.
"""

import codecs
import re
from typing import Final

from shared.agents.gates.language import KNOWN_WORDS
from shared.agents.gates.links import links
from shared.agents.gates.models import Draft, Objection

# Joiners between the parts of one emoji, its colour and form, the keycap, and the flags of England, Scotland and Wales.
_OF_EMOJI: Final = re.compile("[\u203c-\u3299\U0001f000-\U0001faff\ufe0f\u200d\u20e3\U000e0020-\U000e007f#*0-9]+")
_UNSEEN: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f\ufff9-\ufffb]"
)
_MIXED: Final = re.compile(
    "[A-Za-z\u00c0-\u024f][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][A-Za-z\u00c0-\u024f]"
)
_ENCODED: Final = {
    "base64": re.compile(
        r"(?<![\w/+=])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[a-z])[A-Za-z0-9+/]{28,}={0,2}(?![\w/+])"
        r"|(?<![\w/+=])[A-Za-z0-9+/]{12,}={1,2}(?!\w)"
    ),
    "hexadecimal": re.compile(
        r"\b[0-9a-fA-F]{24,}\b|(?:\b[0-9a-fA-F]{2}[ :]){8,}|(?:\\x[0-9a-fA-F]{2}){4,}|(?:\\u[0-9a-fA-F]{4}){3,}"
        r"|(?:&#x?[0-9a-fA-F]{2,6};){3,}"
    ),
    "binary": re.compile(r"(?:\b[01]{7,8}\b\s?){4,}|[01]{28,}"),
    "morse": re.compile(r"(?:[.\-\u2013\u2022\u00b7]{1,6}[ /|]{1,3}){8,}"),
    "percent": re.compile(r"(?:%[0-9a-fA-F]{2}[\w.~-]{0,12}){4,}"),
    "spaced": re.compile(r"(?:\b\w[ .\-_|*]{1,3}){10,}"),
}
# "4p4gu31 tud0": a digit between letters, in more than one word that nobody has used before.
_LEET: Final = re.compile(r"\b(?=[a-z0-9]*[a-z][0-9]{1,2}[a-z])[a-z0-9]{3,30}\b")
_MOST_LEET_WORDS: Final = 1
_FEWEST_WORDS: Final = 10
_LONGEST_WORD: Final = 46
_FEWEST_KNOWN: Final = 2


def check_readability(draft: Draft) -> Objection | None:
    """Objects to what no reader of the conversation's language can read."""
    if match := _UNSEEN.search(_OF_EMOJI.sub("", draft.text)):
        return Objection("unseen", f"U+{ord(match[0]):04X}")
    if match := _MIXED.search(draft.text):
        return Objection("mixed_alphabets", match[0])
    shown = draft.plain
    for code, pattern in _ENCODED.items():
        for match in pattern.finditer(shown):
            if match[0].strip().lower() not in draft.all_grounds and not _is_in_link(match[0], draft.text):
                return Objection(code, match[0])
    return _cipher(draft) or _gibberish(draft)


def _cipher(draft: Draft) -> Objection | None:
    """Letters that stand for others: what reads better backwards, or in rot13, than as it stands."""
    spelled = [word for word in _LEET.findall(draft.folded) if word not in draft.all_grounds]
    if len(spelled) > _MOST_LEET_WORDS:
        return Objection("leet", " ".join(spelled[:3]))
    straight = _known(draft.folded)
    for code, reading in (("reversed", draft.folded[::-1]), ("rot13", codecs.encode(draft.folded, "rot13"))):
        if (known := _known(reading)) >= _FEWEST_KNOWN and known > straight + 1:
            return Objection(code, draft.folded[:40])
    return None


def _known(text: str) -> int:
    return sum(word in KNOWN_WORDS for word in re.findall(r"[a-z]{2,}", text))


def _is_in_link(words: str, text: str) -> bool:
    return any(words.strip() in address for _, address in links(text))


def _gibberish(draft: Draft) -> Objection | None:
    """Many words of which none is known: neither a little word of a language, nor one that was used here before."""
    words = re.findall(r"[^\W\d_]{2,}", draft.folded)
    if any(len(word) > _LONGEST_WORD for word in words):
        return Objection("long_word", max(words, key=len))
    if len(words) < _FEWEST_WORDS or sum(word in KNOWN_WORDS for word in words) * 12 >= len(words):
        return None
    used = set(re.findall(r"[^\W\d_]{2,}", draft.all_grounds))
    if sum(word in used for word in words) * 2 >= len(words):
        return None
    return Objection("gibberish", " ".join(words[:6]))
