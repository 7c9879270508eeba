"""What the platform itself says to customers, in Brazilian Portuguese and English, by the organization's locale."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's sentences. {organization} is the business's name, {opening} such as "segunda-feira às 9h".

    `gap` and `partial_gap` come before `person_called`, or before `person_called_later` while nobody is there.
    """

    greeting: str
    thanks: str
    gap: str
    partial_gap: str
    person_called: str
    disclosure: str
    person_called_later: str
    still_waiting: str
    still_waiting_later: str
    survey: str
    survey_thanks: str


_PORTUGUESE: Final = Wording(
    greeting="Olá! Aqui é o assistente virtual da {organization}. Como posso ajudar?",
    thanks="Eu que agradeço! Se precisar de mais alguma coisa, é só escrever.",
    gap="Não tenho essa informação aqui.",
    partial_gap="Sobre o restante, não tenho a informação aqui.",
    person_called="Já chamei uma pessoa da equipe da {organization} para continuar com você.",
    disclosure="Aqui é o assistente virtual da {organization}.",
    person_called_later="Já avisei a equipe da {organization}. Uma pessoa responde a partir de {opening}.",
    still_waiting="Ainda não há ninguém da equipe da {organization} livre para responder. Seu pedido continua na fila.",
    still_waiting_later=(
        "Ninguém da equipe da {organization} conseguiu responder até agora."
        " Seu pedido continua na fila, e o atendimento volta {opening}."
    ),
    survey="Como foi o atendimento da {organization}? Responda só com uma nota, de 1 (ruim) a 5 (ótimo).",
    survey_thanks="Obrigado pela avaliação!",
)
_ENGLISH: Final = Wording(
    greeting="Hello! This is {organization}'s virtual assistant. How can I help?",
    thanks="You're welcome! If you need anything else, just write.",
    gap="I don't have that information here.",
    partial_gap="About the rest, I don't have the information here.",
    person_called="I have asked a person from {organization}'s team to continue this conversation with you.",
    disclosure="This is {organization}'s virtual assistant.",
    person_called_later="I have told {organization}'s team. A person answers from {opening} on.",
    still_waiting="Nobody from {organization}'s team is free to answer yet. Your request is still in the queue.",
    still_waiting_later=(
        "Nobody from {organization}'s team was able to answer so far."
        " Your request is still in the queue, and the team is back {opening}."
    ),
    survey="How was {organization}'s service? Please answer with just a number, from 1 (bad) to 5 (great).",
    survey_thanks="Thank you for your rating!",
)


def wording(locale: str | None) -> Wording:
    """The sentences for a locale such as "pt-BR" or "en_US"; Portuguese when it is neither (Brazil first)."""
    return _ENGLISH if (locale or "").lower().startswith("en") else _PORTUGUESE
