"""Prices, percentages, instalments, dates, times and durations of a text, each in one written form.

"R$ 1.497,00", "1497 reais" and "mil quatrocentos e noventa e sete reais" are the same amount. Reads folded text.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from shared.agents.gates.number_words import with_digits


class Amount(NamedTuple):
    """What is claimed: its kind, and a value that is equal for equal amounts of that kind."""

    kind: str
    value: str


# Digits with the separators of Brazil or of English; a run of any length is one number.
_NUMBER: Final = r"\d{1,15}(?:[.,]\d{3}){0,4}(?:[.,]\d{1,2})?(?![\d])"
_CURRENCY: Final = r"(?:us\$|u\$|r ?\$|\$|€|£|\bbrl|\busd|\beur)"
_UNITS_OF_MONEY: Final = (
    r"(?:reais|real|contos?|pilas?|mangos|dolar(?:es)?|dollars?|bucks|euros?|pesos?|brl|usd|centavos?|cents?)\b"
)
_PRICE_WORDS: Final = (
    r"(?:cust(?:a|am|ou|aria|ando|o)|sai(?:em)?(?: a| por| so)?|fica(?:m|ria)?(?: em| por| so)?|val(?:e|em"
    r"|or(?: e)?(?: de)?)"
    r"|preco(?: e)?(?: de)?|apenas|somente|so por|por so|por apenas|a partir de|faco por|deixo por|fecho (?:em|por)"
    r"|costs?|price(?: is)?(?: of)?|only|cuesta|precio(?: es)?(?: de)?|cobr(?:o|amos)|pag(?:a|ue)(?: so)?)"
)
_MEASURES: Final = (
    r"(?! ?(?:kg|g|gr|mg|l|lt|ml|cm|mm|m|m2|km|kilos?|quilos?|gramas?|litros?|metros?|unidades?|%|x\b|h\b|horas?|min"
    r"|dias?))"
)
_MONEY: Final = re.compile(
    rf"{_CURRENCY} ?(?P<before>{_NUMBER})|(?P<whole>{_NUMBER}) ?reais? (?:e|com) (?P<cents>\d{{1,2}}) centavos"
    rf"|(?P<after>{_NUMBER}) ?{_UNITS_OF_MONEY}"
    rf"|\b(?P<bare>\d{{1,6}}(?:\.\d{{3}})?,\d{{2}})(?![\d,]){_MEASURES}"
    rf"|\b{_PRICE_WORDS} :?(?P<context>\d{{1,6}}(?:[.,]\d{{1,2}})?)(?= ?(?:[,.;!?)\n](?!\d)|$|cada\b|por \w|no \w"
    rf"|na \w|em \d|e \w|o kg|a unidade|each|per |so\b|para \w|pra \w|hoje\b|agora\b))"
)
_PERCENT: Final = re.compile(rf"(?P<n>{_NUMBER}) ?(?:%|por ?100\b|percent\b|per cent\b|pct\b|porcento\b|off\b)")
_INSTALMENTS: Final = re.compile(
    r"\b(?P<n>\d{1,3}) ?(?:x(?![a-z0-9])|x(?= ?r ?\$)|\u00d7|vezes\b|parcelas?\b|prestac(?:ao|oes)\b|instal?lments?\b"
    r"|cuotas?\b|times\b)"
)
_SPANS: Final = {
    "min": r"min(?:uto|ute)?s?",
    "workday": r"(?:dias? (?:uteis|util|habiles)|(?:business|working) days?)",
    "day": r"(?:dias?|days?)",
    "week": r"(?:semanas?|weeks?)",
    "month": r"(?:mes|meses|months?)",
    "year": r"(?:anos?|years?)",
}
_LINK: Final = r"(?: ?(?:a|ate|-|\u2013|ou|e|to|or|y|and) ?)"
_SPAN: Final = re.compile(
    rf"\b(?:(?P<first>\d{{1,4}}){_LINK})?(?P<n>\d{{1,4}}) ?"
    rf"(?:{'|'.join(f'(?P<{kind}>{words})' for kind, words in _SPANS.items())})\b"
)
_ONE_SPAN: Final = re.compile(
    r"\b(em(?: ate)?|ate|dentro de|prazo de|daqui a|apos|a cada|within|in|for) (?:um|uma|an?) (?=(?:hora|hour|dia"
    r"|day|semana|week|mes|month|ano|year)\b)"
)
_HALF_HOUR: Final = re.compile(r"\bmeia hora\b|\bhalf an hour\b")
_CLOCK: Final = re.compile(
    r"\b(?:(?P<first>\d{1,2})(?: ?(?:as|a|ate|-|\u2013|e|to) ?))?(?P<h>\d{1,2})"
    r"(?: ?(?:h(?:oras?|ours?|rs?|s)?)(?![a-z])(?: ?(?:e )?(?P<m>\d{2})(?![\d/])(?: ?min(?:utos?)?)?)?"
    r"|:(?P<m2>\d{2})(?!\d)(?: ?h(?:s|rs)?\b)?)?"
    r"(?P<part> ?(?:da|de la|of the|in the)? ?(?:manha|tarde|noite|manana|noche|morning|afternoon|evening)"
    r"| ?[ap]\.?m\b)?"
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "janeiro january jan enero", "fevereiro february feb fev febrero", "marco march mar marzo",
            "abril april abr apr",
            "maio may mai mayo", "junho june jun junio", "julho july jul julio", "agosto august ago aug",
            "setembro september set sep septiembre", "outubro october out oct octubre",
            "novembro november nov noviembre", "dezembro december dez dec diciembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE: Final = re.compile(
    rf"\b(?P<d>\d{{1,2}})/(?P<m>\d{{1,2}})(?:/(?:\d{{4}}|\d{{2}}))?\b|\b(?P<d2>\d{{1,2}})(?:o|º|st|nd|rd"
    rf"|th)? (?:de |of )?(?P<m2>{_MONTH})\b"
    rf"|\b(?P<m3>{_MONTH}) (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\b(?! ?(?:h|:))"
    rf"|\b\d{{4}}-(?P<m4>\d{{2}})-(?P<d4>\d{{2}})\b|\b(?:dias?|day) (?P<d5>\d{{1,2}})\b(?! de (?:{_MONTH})|/)"
)
_BEFORE_NOON: Final = 12


@lru_cache(maxsize=256)
def amounts(folded_text: str) -> tuple[tuple[Amount, str], ...]:
    """Every amount of the text with the words it stands in, each amount once."""
    text = with_digits(_HALF_HOUR.sub("30 min", _ONE_SPAN.sub(r"\1 1 ", folded_text)))
    found: dict[Amount, str] = {}
    for reader in _READERS:
        for amount, words in reader(text):
            found.setdefault(amount, words)
    return tuple(found.items())


def number(written: str) -> Decimal:
    """The value of a number with separators: "1.497,00", "1,497.00", "1497", "12.9". The last separator decides."""
    last = max(written.rfind("."), written.rfind(","))
    decimals = len(written) - last - 1
    if last < 0 or decimals == 3:  # noqa: PLR2004 - three digits after a separator are thousands
        return Decimal(re.sub(r"[.,]", "", written))
    return Decimal(re.sub(r"[.,]", "", written[:last]) + "." + written[last + 1 :])


def _value(written: str) -> str:
    return f"{number(written).normalize():f}"


def _money(text: str) -> Iterator[tuple[Amount, str]]:
    for match in _MONEY.finditer(text):
        if match["cents"]:
            yield Amount("money", _value(f"{number(match['whole']):.0f}.{match['cents']:0>2}")), match[0]
            continue
        written = match["before"] or match["after"] or match["bare"] or match["context"]
        if re.search(r"cent(?:avo)?s?$", match[0]):
            yield Amount("money", f"{(number(written) / 100).normalize():f}"), match[0]
        else:
            yield Amount("money", _value(written)), match[0]


def _percent(text: str) -> Iterator[tuple[Amount, str]]:
    for match in _PERCENT.finditer(text):
        yield Amount("percent", _value(match["n"])), match[0]


def _instalments(text: str) -> Iterator[tuple[Amount, str]]:
    for match in _INSTALMENTS.finditer(text):
        yield Amount("instalments", match["n"].lstrip("0")), match[0]


def _spans(text: str) -> Iterator[tuple[Amount, str]]:
    for match in _SPAN.finditer(text):
        kind = next(kind for kind in _SPANS if match[kind])
        for written in filter(None, (match["first"], match["n"])):
            value = written.lstrip("0") or "0"
            yield Amount("clock", value) if kind == "min" else Amount(kind, value), match[0]


def _clock(text: str) -> Iterator[tuple[Amount, str]]:
    """Times of day and hours are one kind, in minutes: "13h" is written for both."""
    for match in _CLOCK.finditer(text):
        bare = match["h"]
        has_unit = match[0][match.end("h") - match.start() :].strip() != ""
        if not has_unit:
            continue
        part = (match["part"] or "").strip()
        later = re.search(r"tarde|noite|noche|afternoon|evening|^p", part) is not None
        for hours, minutes in ((match["first"], None), (bare, match["m"] or match["m2"])):
            if hours is not None:
                value = int(hours) + (12 if later and int(hours) < _BEFORE_NOON else 0)
                yield Amount("clock", str(value * 60 + int(minutes or 0))), match[0]
    for match in re.finditer(r"\bmeio[ -]dia\b|\bnoon\b|\bmediodia\b", text):
        yield Amount("clock", str(12 * 60)), match[0]


def _dates(text: str) -> Iterator[tuple[Amount, str]]:
    for match in _DATE.finditer(text):
        day = match["d"] or match["d2"] or match["d3"] or match["d4"] or match["d5"]
        month = match["m"] or match["m4"] or str(_MONTHS.get(match["m2"] or match["m3"] or "", ""))
        yield Amount("monthday", str(int(day))), match[0]
        if month:
            yield Amount("date", f"{int(day)}/{int(month)}"), match[0]


_READERS: Final[tuple[Callable[[str], Iterator[tuple[Amount, str]]], ...]] = (
    _money, _percent, _instalments, _spans, _clock, _dates,
)  # fmt: skip
