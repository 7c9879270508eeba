"""Text from outside, made safe to store, and cut where a reader would cut it."""

import unicodedata

_ZERO_WIDTH_JOINER = "\u200d"
_REGIONAL_INDICATORS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_HANGUL_JAMO = (0x1100, 0x1200)
_LONGEST_CLUSTER = 64  # code points; a longer one is not writing (Zalgo), and is cut like anything else


def clean_text(text: str) -> tuple[str, bool]:
    """Replace what PostgreSQL's text cannot hold (NUL, lone surrogates) by U+FFFD; pairs become one character.

    Returns the text and whether it was changed.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return joined.replace("\0", "\N{REPLACEMENT CHARACTER}"), True
    if "\0" in text:
        return text.replace("\0", "\N{REPLACEMENT CHARACTER}"), True
    return text, False


def truncate(text: str, limit: int) -> str:
    """Return at most `limit` code points of `text`, never ending inside what a reader sees as one character."""
    if len(text) <= limit:
        return text
    cut = max(limit, 0)
    while cut > 0 and limit - cut < _LONGEST_CLUSTER and not _is_border(text, cut):
        cut -= 1
    return text[:cut] if _is_border(text, cut) and cut > 0 else text[: max(limit, 0)]


def _is_border(text: str, at: int) -> bool:
    """Whether a reader sees two characters at the two sides of `at` (the common rules of Unicode's UAX #29)."""
    if at <= 0 or at >= len(text):
        return True
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if _ZERO_WIDTH_JOINER in (before, after) or _extends(after):
        return False
    if _is_jamo(before) and _is_jamo(after):
        return False
    if _is_regional(before) and _is_regional(after):
        # flags are pairs of regional indicators: a border lies after an even number of them
        head = text[:at]
        return (at - len(head.rstrip(_REGIONAL_INDICATORS))) % 2 == 0
    return True


def _extends(character: str) -> bool:
    """Whether it belongs to the character before it: accents, vowel signs, variation selectors, skin tones, tags."""
    code = ord(character)
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or 0x1F3FB <= code <= 0x1F3FF  # noqa: PLR2004 (the five skin tones)
        or 0xE0020 <= code <= 0xE007F  # noqa: PLR2004 (tags, as in the flag of England)
    )


def _is_regional(character: str) -> bool:
    return character in _REGIONAL_INDICATORS


def _is_jamo(character: str) -> bool:
    return _HANGUL_JAMO[0] <= ord(character) < _HANGUL_JAMO[1]
