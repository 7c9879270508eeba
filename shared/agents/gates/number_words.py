"""Numbers that are written as words become digits: Portuguese, English and Spanish, up to the thousands.

It works on folded text. "um" and "uma" are articles and stay, unless a number goes before ("vinte e um").
"""

import re
from typing import Final

_VALUES: Final[dict[str, int]] = {
    word: value
    for words, value in (
        ("dois duas dos two", 2), ("tres three", 3), ("quatro cuatro four", 4), ("cinco five", 5), ("seis six", 6),
        ("sete siete seven", 7), ("oito ocho eight", 8), ("nove nueve nine", 9), ("dez diez ten", 10),
        ("onze eleven", 11), ("twelve", 12), ("treze trece thirteen", 13), ("quatorze catorze catorce fourteen", 14),
        ("quinze quince fifteen", 15), ("dezesseis dezasseis dieciseis sixteen", 16),
        ("dezessete dezassete diecisiete seventeen", 17), ("dezoito dieciocho eighteen", 18),
        ("dezenove dezanove diecinueve nineteen", 19), ("vinte veinte twenty", 20), ("trinta treinta thirty", 30),
        ("quarenta cuarenta forty", 40), ("cinquenta cincoenta cincuenta fifty", 50), ("sessenta sesenta sixty", 60),
        ("setenta seventy", 70), ("oitenta ochenta eighty", 80), ("noventa ninety", 90), ("cem cento cien ciento", 100),
        ("duzentos duzentas doscientos doscientas", 200), ("trezentos trezentas trescientos trescientas", 300),
        ("quatrocentos quatrocentas cuatrocientos cuatrocientas", 400),
        ("quinhentos quinhentas quinientos quinientas", 500),
        ("seiscentos seiscentas seiscientos seiscientas", 600), ("setecentos setecentas setecientos setecientas", 700),
        ("oitocentos oitocentas ochocientos ochocientas", 800), ("novecentos novecentas novecientos novecientas", 900),
        ("um uma one uno una", 1), ("doze", 12),
    )
    for word in words.split()
}  # fmt: skip
_THOUSAND: Final = frozenset(("mil", "thousand"))
_HUNDRED: Final = "hundred"
_ONLY_LATER: Final = frozenset(("um", "uma", "one", "uno", "una"))
_FIRST: Final = "|".join(sorted({*_VALUES, *_THOUSAND} - _ONLY_LATER | {"one"}, key=len, reverse=True))
_LATER: Final = "|".join(sorted({*_VALUES, *_THOUSAND, _HUNDRED}, key=len, reverse=True))
_NUMBER: Final = re.compile(rf"\b(?:{_FIRST})\b(?:(?:\s+(?:e|y|and)\s+|\s+|-)(?:{_LATER})\b)*")
_SCALED: Final = re.compile(r"\b(\d{1,4})(?:[.,](\d))?\s?(?:mil\b|k\b)")


def with_digits(folded_text: str) -> str:
    """The text with its number words as digits: "mil e duzentos reais" is "1200 reais", "1,5 mil" is "1500"."""
    scaled = _SCALED.sub(lambda match: str(int(match[1]) * 1000 + int(match[2] or 0) * 100), folded_text)
    return _NUMBER.sub(_as_digits, scaled)


def _as_digits(match: re.Match[str]) -> str:
    """One run of number words; what does not follow as one number begins another ("dois tres" is "2 3")."""
    numbers: list[int] = []
    room = 0  # what may still be added to the last number is smaller than this
    for word in re.findall(r"[a-z]+", match[0]):
        if word in {"e", "y", "and"}:
            continue
        if word in _THOUSAND or word == _HUNDRED:
            factor = 1000 if word in _THOUSAND else 100
            goes_on = bool(numbers) and numbers[-1] < factor
            numbers[-1:] = [numbers[-1] * factor] if goes_on else [*numbers[-1:], factor]
            room = factor
            continue
        value = _VALUES[word]
        if value < room:
            numbers[-1] += value
        else:
            numbers.append(value)
        room = _room_after(value)
    return " ".join(map(str, numbers))


def _room_after(value: int) -> int:
    """What a number word leaves open: below 100 after "cento", below 10 after "vinte", nothing after "doze"."""
    if value >= 100:  # noqa: PLR2004 - the parts of a number
        return 100
    return 10 if value >= 20 else 0  # noqa: PLR2004 - idem
