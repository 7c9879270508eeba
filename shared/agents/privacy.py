"""What a model need not know of a person: numbers that identify, and addresses, are replaced before they leave.

An answer comes from the business's knowledge; nobody's CPF is in it. Postal codes stay: deliveries depend on them.
"""

import re
from typing import Final

_PATTERNS: Final = (
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), "[e-mail]"),
    (re.compile(r"\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b"), "[CPF]"),
    (re.compile(r"\b\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}\b"), "[CNPJ]"),
    (re.compile(r"(?<![\w$])\+\d{10,14}\b"), "[telefone]"),
    (re.compile(r"\b(?:\d[ -]?){12,18}\d\b"), "[número]"),  # cards, accounts
    (re.compile(r"(?<![\w$])(?:\+?55[ -]?)?(?:\(\d{2}\)|\d{2})[ -]?9?\d{4}[ -]\d{4}\b"), "[telefone]"),
    (re.compile(r"(?<![\w$,.-])\+?\d{10,13}\b(?![,.-]\d)"), "[telefone]"),
)


def without_personal_numbers(text: str) -> str:
    """The text with e-mail addresses, CPF, CNPJ, card and telephone numbers replaced by what they are."""
    for pattern, name in _PATTERNS:
        text = pattern.sub(name, text)
    return text
