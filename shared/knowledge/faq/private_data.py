"""Personal data in a text, by the forms that Brazilians write: what no draft may hold; pure.

It prefers to refuse: a draft that is not made costs a question, one that tells somebody's address costs far more.
Prices, hours, measures, dates of the calendar and toll-free numbers are no one's and stay.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

_NAME: Final = r"[A-ZÀ-Ý][a-zà-ÿ]{1,}"
_STREET: Final = (
    r"(?:rua|r\.|avenida|av\.?|alameda|al\.|travessa|tv\.|praça|praca|pça\.?|rodovia|rod\.|estrada|estr\.|viela)"
)
_WEIGHTS_CPF: Final = ((10, 9, 8, 7, 6, 5, 4, 3, 2), (11, 10, 9, 8, 7, 6, 5, 4, 3, 2))
_WEIGHTS_CNPJ: Final = ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
_CARD_DIGITS: Final = (13, 19)  # ISO/IEC 7812


def private_data(text: str, *, names: Iterable[str] = ()) -> str | None:
    """The kind of personal data that a text holds, or None.

    `names` are the names that are known of its writer and reader: a word of them that is written with a capital counts.
    Kinds: cpf, cnpj, card, email, phone, cep, address, order, document, name.
    """
    plain = unicodedata.normalize("NFKC", text)
    for kind, pattern, counts in _PATTERNS:
        if any(counts(found.group()) for found in pattern.finditer(plain)):
            return kind
    return "name" if _says_a_name(plain, names) else None


def without_private_data(text: str) -> str:
    """The text with "…" in the place of what looks like personal data, for lists that people read."""
    plain = unicodedata.normalize("NFKC", text)
    for _, pattern, counts in _PATTERNS:
        plain = pattern.sub(_veil(counts), plain)
    return plain


def _veil(counts: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
    return lambda found: "…" if counts(found.group()) else found.group()


def _says_a_name(text: str, names: Iterable[str]) -> bool:
    parts = {part for name in names for part in re.findall(r"[^\W\d_]{3,}", unicodedata.normalize("NFKC", name))}
    folded = {part.casefold() for part in parts}
    return any(word[0].isupper() and word.casefold() in folded for word in re.findall(r"[^\W\d_]{3,}", text))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_cpf(text: str) -> bool:
    digits = _digits(text)
    return bool(re.search(r"\D", text.strip())) or _checked(digits, _WEIGHTS_CPF)


def _is_cnpj(text: str) -> bool:
    """Written with its punctuation, or with right check digits; letters count as their code minus 48 since 2026."""
    return bool(re.search(r"[./-]", text)) or _checked(text.strip().upper(), _WEIGHTS_CNPJ)


def _checked(characters: str, weights: Iterable[tuple[int, ...]]) -> bool:
    """Whether the last two are the check digits of the Receita Federal (modulo 11) of the others."""
    values = [ord(character) - 48 for character in characters]
    for row in weights:
        rest = sum(weight * value for weight, value in zip(row, values, strict=False)) % 11
        if values[len(row)] != (0 if rest < 2 else 11 - rest):  # noqa: PLR2004 -- the rule's own number
            return False
    return len(set(characters)) > 1


def _is_card(text: str) -> bool:
    """As many digits as a card has, and Luhn's sum."""
    digits = [int(digit) for digit in _digits(text)]
    if not _CARD_DIGITS[0] <= len(digits) <= _CARD_DIGITS[1]:
        return False
    doubled = [digit if place % 2 == 0 else sum(divmod(digit * 2, 10)) for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _always(_: str) -> bool:
    return True


def _pattern(pattern: str, *, cased: bool = False) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE | (0 if cased else re.IGNORECASE))


_PATTERNS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    (
        "email",
        _pattern(r"(?<![\w.+-]) [\w.+-]{1,64} \s? (?:@|\(at\)|\[at\]) \s? [\w-]{1,64} (?:\.[\w-]{1,64})+"),
        _always,
    ),
    ("card", _pattern(r"(?<!\d) \d (?:[ -]?\d){12,18} (?!\d)"), _is_card),
    (
        "cnpj",
        _pattern(r"\b [\dA-Z]{2}\.[\dA-Z]{3}\.[\dA-Z]{3}/[\dA-Z]{4}-?\d{2} \b | \b [\dA-Z]{12}\d{2} \b"),
        _is_cnpj,
    ),
    (
        "cpf",
        _pattern(r"(?<![\d.,]) (?: \d{3}[. ]\d{3}[. ]\d{3}[- ./]?\d{2} | \d{9}[- ]?\d{2} ) (?!\d)"),
        _is_cpf,
    ),
    (
        "phone",
        _pattern(
            r"""(?<![\d.,/-]) (?!0800|0300|4004|3003)
                (?: (?:\+|00)? \s? 55 [\s.-]? )? (?: \(?0?[1-9]\d\)? [\s.-]? )?
                (?: 9[\s.-]?\d{4} | [2-9]\d{3} ) [\s.-]? \d{4} (?! [\d] | [.,/-]\d )"""
        ),
        _always,
    ),
    (
        "cep",
        _pattern(r"(?<![\d.,-]) \d{5}-\d{3} (?![\d-]) | \bcep \W{0,3} (?:é|e|:)? \s* \d{2}\.?\d{3}-?\d{3}"),
        _always,
    ),
    (
        "address",
        _pattern(
            rf"""\b{_STREET} \s+ [^\n?!;]{{2,60}}? [\s,]+ (?:n[º°o.]* \s*|n[uú]mero \s*)? \d{{1,6}}\b
               | \b(?:mor[oa]|resid[oe]|meu\sendere[cç]o|minha\scasa\sfica|moramos)\b \s* (?:é|fica|na|no|em|:)
               | \b(?:apto|apartamento|ap\.|bloco|bl\.|casa\s(?:n[º°.o]|número)) \s* n?[º°.]? \s* \d{{1,5}}\b"""
        ),
        _always,
    ),
    (
        "document",
        _pattern(
            r"""\b(?:rg|cnh|passaporte|identidade|t[ií]tulo\sde\seleitor|pis|nis|sus)\b \W{0,3}
                  (?:é|n[º°o.]*|n[uú]mero|:)? \s* [\dA-Z.-]{0,9}\d{3,}
              | \b \d{1,2}\.\d{3}\.\d{3}-[\dXx] \b
              | \b(?:ag[eê]ncia|ag\.|conta(?:\scorrente)?|c/c)\b \W{0,3} (?:é|n[º°o.]*|:)? \s* \d{3,}
              | \b [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} \b
              | \b(?:nasci(?:da|do|mento)?|anivers[aá]rio) \b [^\n]{0,25} \d{1,2}[/.-]\d{1,2}
              | \b [A-Z]{3}[- ]?\d(?:[A-Z]\d{2}|\d{3}) \b"""
        ),
        _always,
    ),
    (
        "order",
        _pattern(
            r"""\b(?:pedidos?|encomenda|compra|protocolo|ordem|chamado|ticket|nota(?:\sfiscal)?|nf-?e?|boleto|comanda
                   |senha|reserva|rastreio|rastreamento|c[oó]digo(?:\sde\srastre\w+)?)
                  \s* (?:é|e|do|da|de\sn[uú]mero|com\so)? \s* (?:n[º°o.]*|n[uú]mero|num\.?|\#|:)? \s* (?:é\s|:)? \s*
                  \#? \s* (?=[A-Z\d-]*\d) [A-Z\d-]{3,}\b
              | (?<!\w) \# \s? \d{2,} \b
              | \b [A-Z]{2}\d{9}[A-Z]{2} \b
              | (?<![\d.,]) \d{6,} (?![\d,]|\.\d)"""
        ),
        _always,
    ),
    (
        "name",
        _pattern(
            rf"""\b(?i:sou) \s (?:[aoAO]\s)? {_NAME}
               | \b(?i:meu\snome(?:\scompleto)?|nome\sdel[ae]|nome\sd[ao]\s\w+) \s* (?i:é|e|:|fica)? \s* {_NAME}
               | \b(?i:me\schamo|se\schama|chamad[oa]) \s+ {_NAME}
               | \b(?i:aqui\s(?:é|e|quem\sfala(?:\sé)?)|quem\sfala(?:\sé)?|fal(?:o|a|ar|ando)\scom|no\snome\sd[eoa]
                      |em\snome\sd[eoa]) \s (?:[aoAO]\s)? {_NAME}
               | \b(?:[Ss]r|[Ss]ra|[Dd]r|[Dd]ra|[Dd]ona|[Ss]enhor|[Ss]enhora)\b\.? \s {_NAME}
               | \b(?i:falar?\scom|procur\w+|com|pra|para) \s (?:o\s)? (?i:seu) \s {_NAME}
               | \b(?i:oi+e?|ol[aá]|ei|bom\sdia|boa\starde|boa\snoite|obrigad[oa]|valeu|prezad[oa]|querid[oa]|tudo\sbem)
                  [,\s]+ {_NAME} (?=\s*[,!.:?\n]|\s*$)
               | \b(?i:abra[cç]os?|att\.?|atenciosamente) [,\s]+ {_NAME}""",
            cased=True,
        ),
        _always,
    ),
)
"""Each kind with its form, and the proof that what has the form is one. The order is that in which kinds are told."""
