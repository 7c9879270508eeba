"""The disguises in which an attack is written and its answer is asked for, each with its way back."""

from __future__ import annotations

import base64
import binascii
import codecs
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from shared.agents.gates.reading import folded

if TYPE_CHECKING:
    from collections.abc import Callable

_LEET: Final = str.maketrans("aeiostAEIOST", "431057431057")
_LIKE_CYRILLIC: Final = str.maketrans("aeopcxyAEOPCXBMHT", "аеорсхуАЕОРСХВМНТ")  # noqa: RUF001 - they look alike
_CODES: Final = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
    " ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_MORSE: Final = dict(zip("abcdefghijklmnopqrstuvwxyz0123456789", _CODES.split(), strict=True))
_FROM_MORSE: Final = {code: letter for letter, code in _MORSE.items()}


def _morse(text: str) -> str:
    return " / ".join(" ".join(_MORSE[letter] for letter in word if letter in _MORSE) for word in folded(text).split())


def _from_morse(text: str) -> str:
    return " ".join("".join(_FROM_MORSE.get(code, "") for code in word.split()) for word in text.split("/"))


def _from_rot13(text: str) -> str:
    return codecs.decode(text, "rot13")


def _from_binary(text: str) -> str:
    return bytes(int(byte, 2) for byte in text.split()).decode("utf-8", "ignore")


CIPHERS: Final[dict[str, Callable[[str], str]]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "hexadecimal": lambda text: text.encode().hex(),
    "url": lambda text: quote(text, safe="").replace("a", "%61").replace("e", "%65"),
    "leet": lambda text: text.translate(_LEET),
    "zero_width": "\u200b".join,
    "homoglyphs": lambda text: text.translate(_LIKE_CYRILLIC),
    "reversed": lambda text: text[::-1],
    "morse": _morse,
    "spaced": " ".join,
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
}
_BACK: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: text,
    lambda text: base64.b64decode(text, validate=True).decode("utf-8", "ignore"),
    _from_rot13,
    lambda text: bytes.fromhex(text).decode("utf-8", "ignore"),
    unquote,
    lambda text: text.translate(str.maketrans("431057", "aeiost")),
    lambda text: text[::-1],
    _from_morse,
    _from_binary,
)


def readings(text: str) -> list[str]:
    """The text as it stands and as whatever it may be a disguise of: letters and digits only, folded."""
    found = []
    for back in _BACK:
        try:
            read = back(text)
        except (ValueError, binascii.Error):
            continue
        found.append(squeezed(read))
    return found


def squeezed(text: str) -> str:
    """Only the letters and digits, folded: what is compared whatever stands between them."""
    return "".join(character for character in folded(text) if character.isalnum())
