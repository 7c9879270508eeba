"""Gate "amounts" (version 1): what a reply promises in numbers must stand in what it cites, or in the catalogue.

Prices, percentages, instalments, dates, times and durations; "free" and "discount"; the day something will be ready.
Nothing is computed: a total of two listed prices is as unfounded as an invented one.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from shared.agents.gates.amounts import Amount, amounts
from shared.agents.gates.models import Draft, Objection
from shared.agents.gates.reading import sentences_of

# What costs nothing or less is a promise like a price. Who denies it ("nao temos desconto") promises nothing.
_GIFTS: Final = {
    "free": re.compile(
        r"\bgratis\b|\bgratuit[oa]s?\b|\bde graca\b|\bsem (?:custo|taxa|frete)\b|\bfrete zero\b|\bcortesia\b"
        r"|\bbrindes?\b|\bisent[oa]s?\b"
        r"|\bpor nossa conta\b|\bpresente\b(?= para voce)|(?<!feel )(?<!-)\bfree\b(?! to)|\bno charge\b"
        r"|\bgratuito\b|\bsin costo\b"
    ),
    "discount": re.compile(
        r"\bdescontos?\b|\bdescontinho\b|\bcupo(?:m|ns)\b|\bcashback\b|\bmetade do (?:preco|valor)\b"
        r"|\bpela metade\b|\bleve \d+ (?:e )?pague \d+"
        r"|\b2 por 1\b|\bdiscounts?\b|\bcoupons?\b|\bhalf (?:the )?price\b|\bdescuentos?\b|\bpromoc(?:ao|oes)\b"
        r"|\bpreco especial\b"
    ),
    "interest": re.compile(r"\bsem juros\b|\binterest[- ]free\b|\bsin intereses\b"),
    "guarantee": re.compile(r"\bgaranti(?:a|mos|do|da)\b|\bguaranteed?\b|\bwarranty\b"),
}
_DENIED: Final = re.compile(r"\b(?:nao|nem|sem|nenhum[a]?|not|never|sin|nunca)(?: \w+){0,5} $")
_READY: Final = (
    r"\b(?:cheg(?:a|am|ara|arao)|entreg\w{1,8}|pront[oa]s?|envi(?:o|a|amos|aremos)|post(?:o|amos|aremos)"
    r"|receb(?:e|era)|despach\w{1,6}"
    r"|disponive(?:l|is)|deliver\w{0,4}|arrives?|ready|shipped|llega|entregamos)\b"
)
_SOON: Final = (
    r"\b(hoje|amanha|segunda|terca|quarta|quinta|sexta|sabado|domingo|semana que vem|mes que vem"
    r"|proxim[ao] (?:semana|mes|dia)"
    r"|imediatamente|na hora|today|tomorrow|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday|next week"
    r"|hoy|manana|lunes|martes|miercoles|jueves|viernes)\b"
)
_DEADLINE: Final = re.compile(rf"{_READY}[^.!?\n]{{0,60}}?{_SOON}")
_MONEY_WORDS: Final = re.compile(r"r\$|\breais\b|\bprecos?\b|\bvalor(?:es)?\b")
# A cell of a table, or the end of "Corte: 45": a price without its currency where the text speaks of prices.
_LISTED_NUMBER: Final = re.compile(
    r"(?:\||: ?|[-\u2013] )\s*(\d{1,6}(?:[.,]\d{1,2})?)\s*(?=\||[,;]|\.?\s*$)", re.MULTILINE
)


def check_amounts(draft: Draft) -> Objection | None:
    """Objects to the first promise that nothing cited holds."""
    known = frozenset().union(*(known_amounts(ground) for ground in draft.grounds))
    for amount, words in amounts(draft.folded):
        if amount not in known:
            return Objection(amount.kind, words)
    return _gift(draft.folded, draft.grounds) or _deadline(draft.folded, draft.all_grounds)


@lru_cache(maxsize=256)
def known_amounts(folded_ground: str) -> frozenset[Amount]:
    """The amounts that a text of the business holds."""
    known = {amount for amount, _ in amounts(folded_ground)}
    if _MONEY_WORDS.search(folded_ground):
        known |= {price for cell in _LISTED_NUMBER.findall(folded_ground) for price, _ in amounts(f"r$ {cell}")}
    return frozenset(known)


def _gift(text: str, grounds: Iterable[str]) -> Objection | None:
    for code, pattern in _GIFTS.items():
        for match in pattern.finditer(text):
            if _DENIED.search(text[max(0, match.start() - 80) : match.start()]):
                continue
            if not any(pattern.search(ground) for ground in grounds):
                return Objection(code, match[0])
            break
    return None


def _deadline(text: str, grounds: str) -> Objection | None:
    for sentence in sentences_of(text):
        for match in _DEADLINE.finditer(sentence):
            if not re.search(rf"\b{match[1]}", grounds):
                return Objection("deadline", match[0])
    return None
