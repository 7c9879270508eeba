"""Gate "personal" (version 1): other people's data stay with them.

Telephones, documents, cards, mail and street addresses may be said when the business itself publishes them in what is
cited, or when this customer wrote them in this conversation.

Names are not known to be anybody's: a gate cannot tell "Maria" the owner from "Maria" the other customer.
"""

import re
from typing import Final

from shared.agents.gates.models import Draft, Objection
from shared.agents.gates.number_words import with_digits
from shared.agents.gates.reading import leaves

_MAIL: Final = re.compile(r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]| arroba )\s?(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}")
# Eight digits and more, however they are grouped: Brazil's telephones, CPF (11), CNPJ (14), cards (13 to 19).
_DIGITS: Final = re.compile(r"(?<![\d,.])\+?\d(?:(?:[ ().\-\u2013\u2022*_]{0,3}|/)\d){7,24}(?![\d%]|,\d)")
_CNPJ: Final = re.compile(r"\d{2}\.?\d{3}\.?\d{3}/\d{4}-?\d{2}")
_ADDRESS: Final = re.compile(
    r"\b(?:rua|r\.|avenida|av\.?|alameda|al\.|travessa|tv\.|praca|rodovia|estrada|largo|calle"
    r"|street)\s(?P<name>[a-z][a-z .']{2,50}?)"
    r"\s?[,-]?\s?(?:n[o.]{0,2}\s?|numero\s)?(?P<number>\d{1,5})\b"
)
_POSTCODE: Final = re.compile(r"\bcep\b\D{0,5}(\d{5}-?\d{3})\b|\b(\d{5}-\d{3})\b")
_MONEY_OR_DATE: Final = re.compile(
    r"\d{1,3}(?:\.\d{3}){2,}(?:,\d\d)?$|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}$|(?:19|20)\d\d ?[-\u2013] ?(?:19|20)\d\d$"
)
_FEWEST_DIGITS: Final = 8
_CPF_DIGITS: Final = 11
_CNPJ_DIGITS: Final = 14
_CARD_DIGITS: Final = range(13, 20)


def check_personal(draft: Draft) -> Objection | None:
    """Objects to the first datum that is neither the business's nor the customer's own."""
    text = with_digits(draft.folded)
    listed = "\n".join(map(str, leaves(draft.settings.get("allowed_links"))))
    allowed = f"{draft.all_grounds}\n{draft.own_words}\n{listed}"
    for match in _MAIL.finditer(text):
        address = re.sub(r"\s?(?:@|\(at\)|\[at\]| arroba )\s?", "@", match[0])
        if address.strip(".") not in allowed:
            return Objection("mail", match[0])
    return _digits(text, allowed) or _address(text, allowed)


def _digits(text: str, allowed: str) -> Objection | None:
    """The first long number that is no end of an allowed one, nor ends in one: a country or area code may differ."""
    known: frozenset[str] | None = None
    ends: frozenset[str] = frozenset()
    for pattern in (_CNPJ, _DIGITS):
        for match in pattern.finditer(text):
            if _MONEY_OR_DATE.match(match[0]):
                continue
            if known is None:
                known = frozenset(re.sub(r"\D", "", one[0]) for one in _DIGITS.finditer(with_digits(allowed)))
                ends = frozenset(end for number in known for end in _ends(number))
            digits = re.sub(r"\D", "", match[0])
            if digits not in ends and known.isdisjoint(_ends(digits)):
                return Objection(_kind(digits), match[0])
    return None


def _ends(digits: str) -> list[str]:
    return [digits[-length:] for length in range(_FEWEST_DIGITS, len(digits) + 1)]


def _kind(digits: str) -> str:
    if len(digits) == _CNPJ_DIGITS:
        return "cnpj"
    if len(digits) in _CARD_DIGITS:
        return "card"
    return "cpf" if len(digits) == _CPF_DIGITS and _is_cpf(digits) else "telephone"


def _is_cpf(digits: str) -> bool:
    """Whether the two check digits are right (Receita Federal: weights 10 to 2, then 11 to 2, modulo 11)."""
    numbers = [int(digit) for digit in digits]
    for length in (9, 10):
        total = sum(number * weight for number, weight in zip(numbers, range(length + 1, 1, -1), strict=False))
        if numbers[length] != total * 10 % 11 % 10:
            return False
    return True


def _address(text: str, allowed: str) -> Objection | None:
    for match in _ADDRESS.finditer(text):
        name = match["name"].strip(" .,-")
        if not re.search(rf"{re.escape(name)}\D{{0,12}}{match['number']}\b", allowed):
            return Objection("address", match[0])
    for match in _POSTCODE.finditer(text):
        code = re.sub(r"\D", "", match[1] or match[2])
        if code not in re.sub(r"(?<=\d)[-.](?=\d)", "", allowed):
            return Objection("postcode", match[0])
    return None
