"""Which language a text is in, by counting its commonest words: enough to see that a reply is in the wrong one."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from shared.agents.chat_text import fold
from shared.agents.gates.language import language_of as tell_language
from shared.agents.gates.reading import folded

PORTUGUESE: Final = "pt"
ENGLISH: Final = "en"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of a language that the others do not have, folded. Short ones that two share ("a", "de", "para") tell nothing.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    PORTUGUESE: _set(
        "nao voce voces sao esta estao tem temos uma um com os as ao aos do da dos das no na nos nas pelo pela em e"
        " mas tambem ate muito obrigado obrigada meu minha seu sua nosso nossa isso aqui hoje amanha quando quanto"
        " qual quais onde abrimos fechamos entregamos pode podemos voltar fazer tudo bom boa dia oi ola"
    ),
    ENGLISH: _set(
        "the and you your our are is was were have has do does not we they it this that with for from what when"
        " where how much can could would will open closed today tomorrow please thank thanks hello hi my of to"
        " on"
    ),
    "es": _set(
        "el los las una con por pero muy usted ustedes esta estan tienen tenemos hoy manana cuando cuanto donde"
        " hola gracias nuestro nuestra del al y es son no puede podemos abrimos cerramos entregamos en lo"
    ),
    "de": _set(
        "der die das und ist sind nicht ein eine wir sie haben heute morgen mit fur auf bitte danke leider von zu"
        " den dem des wieder noch einmal da"
    ),
    "fr": _set(
        "le les une est sont nous vous avons pas avec pour dans aujourd hui demain merci bonjour tres mais ou et du"
        " au aux ce cette"
    ),
    "it": _set(
        "il gli una sono siamo abbiamo non con per oggi domani grazie ciao molto ma dove quando nostro nostra della"
        " delle di che"
    ),
}
# Fewer known words than this say nothing; so much more than the next language makes it certain.
_FEWEST: Final = 4
_MARGIN: Final = 1.5
_CUSTOMERS_FEWEST: Final = 2


def language_of(text: str) -> str | None:
    """The two letters of the language, or None when the text is too short or too mixed to tell."""
    words = re.findall(r"[a-z]+", fold(text))
    counted = sorted(((sum(word in known for word in words), code) for code, known in _WORDS.items()), reverse=True)
    (most, code), (next_most, _) = counted[0], counted[1]
    return code if most >= _FEWEST and most >= next_most * _MARGIN else None


def spoken_language(texts: Sequence[str], *, earlier: Sequence[str] = (), locale: str | None) -> str:
    """The customer's language: that of what they wrote now, else before, else the organization's, else Portuguese.

    It is told as the gate tells it that will look at the answer.
    """
    for said in (texts, earlier):
        found = tell_language(folded("\n".join(said)), fewest=_CUSTOMERS_FEWEST)
        if found is not None:
            return found
    own = (locale or PORTUGUESE).lower()[:2]
    return own if own in _WORDS else PORTUGUESE


def is_other_language(text: str, expected: str) -> bool:
    """Whether a text is certainly in another language than the expected one."""
    found = language_of(text)
    return found is not None and found != expected
