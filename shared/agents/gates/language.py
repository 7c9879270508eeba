"""Gate "language" (version 1): the reply is in the conversation's language.

Portuguese, English and Spanish are told apart by their little words; a text with few of them is in any language.
"""

import re
from functools import lru_cache
from typing import Final

from shared.agents.gates.models import Draft, Objection
from shared.agents.gates.reading import folded

_LITTLE_WORDS: Final = {
    language: frozenset(words.split())
    for language, words in {
        "pt": (
            "nao voce voces uma um do da dos das em na nos nas ate sao tambem com ou mais seu sua seus suas pelo pela"
            " ao aos e os foi tem temos pode obrigado obrigada ola oi bom boa quando qual quais quanto onde isso esse"
            " essa aqui ja muito sim hoje fazer meu minha eu para por que se no de a o as me te"
        ),
        "en": (
            "the you your we is are to of and can with have please our it this that for on do does not what how when"
            " where which my i be will if thanks thank hello yes an at from or"
        ),
        "es": (
            "el los las una con y del al usted ustedes muy pero hola gracias su sus hay nuestra nuestro puede puedo"
            " tenemos en es son un que cuando donde cual cuanto tambien si yo mi lo le por para hasta desde tiene"
            " no de a me te se"
        ),
    }.items()
}
_SHARED: Final = (
    (_LITTLE_WORDS["pt"] & _LITTLE_WORDS["es"])
    | (_LITTLE_WORDS["pt"] & _LITTLE_WORDS["en"])
    | (_LITTLE_WORDS["es"] & _LITTLE_WORDS["en"])
)
KNOWN_WORDS: Final = frozenset().union(*_LITTLE_WORDS.values()) | frozenset(
    ("sem", "esta", "este", "nosso", "nossa", "todos", "todas", "tudo", "ser", "ter", "vai", "vou", "numero", "loja")
)
_FEWEST: Final = 3
_CUSTOMERS_FEWEST: Final = 2


@lru_cache(maxsize=128)
def language_of(folded_text: str, *, fewest: int = _FEWEST) -> str | None:
    """'pt', 'en' or 'es', when the text has at least `fewest` of its little words and twice those of any other."""
    words = re.findall(r"[a-z]+", folded_text[:4000])
    counts = sorted(
        (
            (sum(word in little and word not in _SHARED for word in words), name)
            for name, little in _LITTLE_WORDS.items()
        ),
        reverse=True,
    )
    (most, name), (second, _), _ = counts
    return name if most >= fewest and most >= 2 * second else None


def check_language(draft: Draft) -> Objection | None:
    """Objects to a clearly foreign language.

    What a model writes follows the customer; what is quoted is as its author wrote it, in the organization's language.
    """
    written = language_of(draft.folded)
    if written is None:
        return None
    own = (draft.locale or "pt").lower()[:2]
    asked = language_of(folded("\n".join(draft.asked)), fewest=_CUSTOMERS_FEWEST) or language_of(
        draft.own_words, fewest=_CUSTOMERS_FEWEST
    )
    expected = {asked or own} if draft.written else {asked, own, language_of(draft.all_grounds)}
    return None if written in expected else Objection("language", written)
