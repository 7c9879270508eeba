"""A question as its key: the same for accents, case, punctuation, order of words and polite words; pure.

The key holds stems and not the concepts that retrieval looks for: "que horas abrem" and "que horas fecham" are one
concept and two questions. What asks otherwise than in other words of one stem is found by its vector (`grouping`).
"""

import re
from typing import Final

from shared.knowledge.portuguese import fold, tokens

KEY_LIMIT: Final = 500  # characters, as the tables have it; a longer question is a story
TERMS_LIMIT: Final = 24  # different words; a question of more is not asked twice

# Silent in a search, and yet what tells two questions apart: "com" or "sem" lactose, "quando" or "quanto".
_MEANING: Final = frozenset(
    """
    sem quando quanta quantos quantas como quem porque antes depois ate dia tarde noite menos mais nunca
    """.split()  # noqa: SIM905 -- read as prose
)
_POLITE: Final = re.compile(r"\b(?:bo[am]s? (?:dias?|tardes?|noites?)|tudo bem|tudo bom|por favor|mais uma coisa)\b")
_POLITE_WORDS: Final = frozenset(
    """
    blz beleza valeu vlw ei hey hello hi tchau abraco abracos grato grata agradeco agradecida agradecido desculpe
    desculpa licenca please thanks querida querido flor obrigadinha obrigadinho oie
    """.split()  # noqa: SIM905 -- read as prose
)


def question_key(question: str) -> str:
    """The normalised question, at most KEY_LIMIT characters; empty when it says nothing, or too much to be a key."""
    return key_of(question_terms(question))


def key_of(terms: frozenset[str]) -> str:
    """The key of the terms of a question; empty without terms and when they are too many."""
    key = " ".join(sorted(terms))
    return key if len(terms) <= TERMS_LIMIT and len(key) <= KEY_LIMIT else ""


def question_terms(question: str) -> frozenset[str]:
    """The stems and codes that a question is about."""
    return frozenset(
        token.stem
        for token in tokens(without_greetings(question))
        if (token.weight > 0 or token.form in _MEANING) and token.form not in _POLITE_WORDS
    )


def without_greetings(text: str) -> str:
    """The text, folded, without the greetings whose words alone mean something ("boa noite" and "à noite")."""
    return _POLITE.sub(" ", fold(text))


def codes(text: str) -> frozenset[str]:
    """The numbers, prices, hours, measures and telephone numbers of a text: what is meant exactly."""
    return frozenset(token.lexeme for token in tokens(text) if token.kind != "word")
