"""Why an answered question makes no draft: what holds for one customer or one day, and what says nothing; pure."""

import re
from typing import Final

from shared.knowledge.faq.models import AnsweredQuestion
from shared.knowledge.faq.normalising import KEY_LIMIT, question_key
from shared.knowledge.faq.private_data import private_data
from shared.knowledge.portuguese import fold, tokens

ANSWER_LIMIT: Final = 4000  # characters, as the tables have it

# Of the day on which it was written, or of one customer's own matter.
_MOMENTARY: Final = re.compile(
    r"\b(?:hoje|amanha|ontem|agora mesmo|neste momento|no momento|daqui a pouco"
    r"|ja (?:saiu|foi|esta|enviei|mandei|chegou)|(?:esta|essa|nesta|nessa) semana|(?:semana|mes|segunda) que vem"
    r"|mais tarde)\b"
)
_PERSONAL: Final = re.compile(
    r"\b(?:(?:meu|seu|teu|o) (?:pedido|orcamento|agendamento|reembolso|boleto|comprovante)"
    r"|(?:minha|sua|tua) (?:encomenda|entrega|compra|reserva|consulta|senha|conta|fatura)|cade)\b(?! minim)"
)
_STALLING: Final = re.compile(
    r"\b(?:(?:um|so um) (?:momento|momentinho|minuto|minutinho|instante|segundo)"
    r"|vou (?:verificar|ver|conferir|checar|perguntar|confirmar|olhar|consultar)"
    r"|ja (?:te |lhe )?(?:respondo|retorno|verifico|falo|confirmo|vejo)|aguarde|pode aguardar|nao sei"
    r"|retorno em breve|entraremos em contato|nao entendi|como posso (?:te )?ajudar)\b"
)
_SALUTATION: Final = re.compile(
    r"^\s*(?:(?i:oi+e?|ol[aá]|opa|bom\s+dia|boa\s+tarde|boa\s+noite|tudo\s+bem|tudo\s+bom))"
    r"(?:[,\s]+[A-ZÀ-Ý][a-zà-ÿ]+(?=\s*[,!.:?\n]))?\s*[,!.:?😊🙂]*\s+"
)


def bare_answer(answer: str) -> str:
    """The answer without the greeting that it begins with, and the name in it ("Oi, Ana! Abrimos às 8h.")."""
    rest = answer.strip()
    while (greeting := _SALUTATION.match(rest)) is not None:
        rest = rest[greeting.end() :]
    return rest


def reason_against(pair: AnsweredQuestion) -> str | None:
    """The code of the reason why no draft is made of it, or None: it may be one.

    `private_cpf`, `private_phone` … name the kind of personal data. The answer is looked at as `bare_answer` gives it.
    """
    if len(pair.question) > KEY_LIMIT or len(pair.answer) > ANSWER_LIMIT:
        return "too_long"
    if not question_key(pair.question):
        return "not_a_question"
    for text in (pair.question, pair.answer):
        if (kind := private_data(text, names=pair.names)) is not None:
            return f"private_{kind}"
    return _unfit(fold(pair.question), fold(pair.answer))


def _unfit(question: str, answer: str) -> str | None:
    if _STALLING.search(answer):
        return "stalling"
    if answer.rstrip().endswith("?"):
        return "asks_back"
    if _MOMENTARY.search(question) or _MOMENTARY.search(answer):
        return "momentary"
    if _PERSONAL.search(question) or _PERSONAL.search(answer):
        return "one_customers_matter"
    if not any(token.weight == 1.0 for token in tokens(answer)):
        return "says_nothing"
    return None
