"""Cutting text at sentence borders: the sentences of a text, and the parts in which a channel accepts it.

The sentence rule is for Portuguese and English prose; it does not cut "R$ 1.497,00", "Av. Paulista" or "Dr. Silva".
"""

import re
from collections.abc import Callable
from typing import Final

from shared.kit.text import truncate

_ABBREVIATIONS: Final = (
    "av|r|al|pç|pça|rod|dr|dra|sr|sra|srta|prof|profa|eng|nº|n|no|tel|cel|obs|ex|etc|pág|pag|art|min|máx|seg|ter|qua|qui|sex|sáb|dom"
    "|jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez|mr|mrs|ms|st|vs|ltda|cia|apto|bl|un|kg|cm|aprox"
)
_AFTER_ABBREVIATION: Final = re.compile(rf"(?:^|[\s(])(?:{_ABBREVIATIONS})\.$", re.IGNORECASE)
# A border is ending punctuation (with closing quotes) and white space, or the end of a line.
_BORDER: Final = re.compile(r"(?<=[.!?…])[\"'”\u2019)\]]*\s+|\s*\n\s*")

Measure = Callable[[str], int]


def characters(text: str) -> int:
    """Length in UTF-16 units, so that an emoji outside the basic plane counts double (the safe side)."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8_bytes(text: str) -> int:
    """Length in UTF-8 bytes: Instagram's measure, where Portuguese accents count double."""
    return len(text.encode("utf-8", "surrogatepass"))


# What one message may hold and how it is counted (WhatsApp and Instagram document theirs; Messenger's is cautious).
TEXT_LIMITS: Final[dict[str, tuple[int, Measure]]] = {
    "whatsapp": (4096, characters),
    "instagram": (1000, utf8_bytes),
    "messenger": (1000, characters),
}


def sentences(text: str) -> list[str]:
    """The text's sentences in order, each trimmed, none empty. A line break ends a sentence."""
    found: list[str] = []
    start = 0
    for border in _BORDER.finditer(text):
        sentence = text[start : border.end()].strip()
        if "\n" not in border.group() and _AFTER_ABBREVIATION.search(sentence):
            continue
        if sentence:
            found.append(sentence)
        start = border.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def split_text(text: str, *, limit: int, measure: Measure = characters) -> list[str]:
    """The text in as few parts as sentence borders allow, each at most `limit` by `measure`, in order.

    A sentence that is too long alone is cut between words, a word that is too long alone between characters.
    Paragraph breaks inside a part stay; white space at a cut is dropped; an empty text has no parts.
    """
    if limit < 1:
        raise ValueError(f"a part of at most {limit} can hold nothing")
    rest = text.strip()
    parts: list[str] = []
    while rest:
        end = _cut(rest, limit=limit, measure=measure)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [part for part in parts if part]


def _cut(text: str, *, limit: int, measure: Measure) -> int:
    """The index where the first part ends: the last fitting sentence border, else word border, else character."""
    fitting = _longest_prefix(text, limit=limit, measure=measure)
    if fitting == len(text):
        return fitting
    window = text[:fitting]
    borders = [
        border.end()
        for border in _BORDER.finditer(window)
        if not _AFTER_ABBREVIATION.search(text[: border.end()].rstrip())
    ]
    # a part that would stay mostly empty reads worse than one cut between words
    if borders and borders[-1] * 4 >= fitting:
        return borders[-1]
    spaces = [space.end() for space in re.finditer(r"\s+", window)]
    if text[fitting].isspace():
        return fitting
    return spaces[-1] if spaces else len(truncate(text, fitting))


def _longest_prefix(text: str, *, limit: int, measure: Measure) -> int:
    """The length in code points of the longest prefix that fits (bisection: both measures grow with the prefix)."""
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return max(low, 1)
