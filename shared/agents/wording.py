"""What the platform itself says to customers, in Brazilian Portuguese and English, by the organization's locale."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's sentences. {organization} is the business's name."""

    greeting: str
    thanks: str
    handoff: str
    partial_handoff: str
    person_called: str
    disclosure: str


_PORTUGUESE: Final = Wording(
    greeting="Olá! Aqui é o assistente virtual da {organization}. Como posso ajudar?",
    thanks="Eu que agradeço! Se precisar de mais alguma coisa, é só escrever.",
    handoff="Não tenho essa informação aqui. Já chamei uma pessoa da equipe da {organization} para continuar com você.",
    partial_handoff=(
        "Sobre o restante, não tenho a informação aqui."
        " Já chamei uma pessoa da equipe da {organization} para continuar com você."
    ),
    person_called="Já chamei uma pessoa da equipe da {organization} para continuar com você.",
    disclosure="Aqui é o assistente virtual da {organization}.",
)
_ENGLISH: Final = Wording(
    greeting="Hello! This is {organization}'s virtual assistant. How can I help?",
    thanks="You're welcome! If you need anything else, just write.",
    handoff=(
        "I don't have that information here."
        " I have asked a person from {organization}'s team to continue this conversation with you."
    ),
    partial_handoff=(
        "About the rest, I don't have the information here."
        " I have asked a person from {organization}'s team to continue with you."
    ),
    person_called="I have asked a person from {organization}'s team to continue this conversation with you.",
    disclosure="This is {organization}'s virtual assistant.",
)


def wording(locale: str | None) -> Wording:
    """The sentences for a locale such as "pt-BR" or "en_US"; Portuguese when it is neither (Brazil first)."""
    return _ENGLISH if (locale or "").lower().startswith("en") else _PORTUGUESE
