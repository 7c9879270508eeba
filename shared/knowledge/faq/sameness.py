"""Whether two questions ask the same, and whether two answers say the same; pure.

Two questions with one key are the same. Others are when they agree in what they name (words of one meaning are one, a
typing error is forgiven), in numbers, and in words such as "sem", "antes" or "quando", and their vectors are near. The
embedded vectors alone cannot tell: "abrem sábado?" is nearer to "abrem domingo?" than "frete" to "entrega".
tests/knowledge/faq/question_pairs.json has the pairs on which this was measured.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from shared.knowledge.faq.normalising import codes, question_key, without_greetings
from shared.knowledge.portuguese import fold, stem, tokens

_NEAR: Final = {"hashed-ngrams-pt-2": 0.2}
"""Cosine from which on two questions that agree in what they name are the same, by embedding model."""
_NEAR_UNKNOWN: Final = 0.0  # of a model that nobody has measured: what the questions name decides
_ALIKE: Final = 0.8  # of the words of two answers that say the same
_TYPING_ERROR: Final = 0.9  # likeness of two stems of which one is mistyped ("cenora")
_TYPING_LENGTH: Final = 5  # shorter stems differ by a letter and in meaning

_TURNING: Final = frozenset("sem quando como quem porque antes depois ate dia manha tarde noite nunca hoje".split())  # noqa: SIM905 -- as prose
_CLOSING: Final = frozenset(map(stem, ("fechar", "fecha", "fecham", "fechamos", "fechamento")))
"""One concept with opening when looking for passages; when asking, the opposite."""
_GENERIC: Final = frozenset(
    stem(word)
    for word in """
    fazer faz fazem fazemos dar dao existir existe existem possuir possui possuem conseguir consegue consigo conseguem
    usar precisar precisa querer quer querem trabalhar trabalha trabalham trabalhamos oferecer oferece oferecem aceitar
    aceita aceitam aceitamos emitir emite emitem loja lojas cliente clientes produto produtos fica ficam fi permitir
    permite permitem permitido possivel rola disponivel poderia achar acha estabelecimento empresa servico numero
    """.split()  # noqa: SIM905 -- read as prose
)
_MEANS_OF_PAYMENT: Final = frozenset(
    {"pix", "=cartao", "=dinheiro", "=parcela", *map(stem, ("boleto", "vale", "vista"))}
)
_PRICED: Final = frozenset(map(stem, ("frete", "fretes")))


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is compared: its words as asked, its key, what it names, and what turns it into another."""

    text: str
    key: str
    names: frozenset[str]
    turns: frozenset[str]


def compared(text: str) -> Question:
    """The question of this text."""
    bare = without_greetings(text)
    return Question(text, question_key(text), _names(bare), _turns(bare))


def same_question(one: Question, other: Question, *, cosine: float | None, model: str) -> bool:
    """Whether both ask the same. `cosine` is of their vectors by the embedder `model`; None when they have none."""
    if one.key == other.key:
        return bool(one.key)
    if one.turns != other.turns or not _agree(one.names, other.names):
        return False
    return cosine is None or cosine >= _NEAR.get(model, _NEAR_UNKNOWN)


def same_answer(one: str, other: str) -> bool:
    """Whether both answers say the same: the same numbers, the same yes or no, and nearly the same words."""
    if codes(one) != codes(other) or _denies(one) != _denies(other):
        return False
    mine, yours = _words(one), _words(other)
    return len(mine & yours) >= _ALIKE * len(mine | yours)


def _names(text: str) -> frozenset[str]:
    """Concepts, stems and numbers that the question is about, without what every question says."""
    heard = [token for token in tokens(text) if token.weight > 0 and token.form not in _TURNING]
    found = {token.lexeme for token in heard if token.lexeme.startswith("=") or token.stem not in _GENERIC}
    if any(token.stem in _PRICED for token in heard):
        found.add("=preco")
    if "=prazo" in found and not any(token.lexeme == "=preco" and token.form != "quanto" for token in heard):
        found.discard("=preco")  # of "quanto tempo"
    if found & _MEANS_OF_PAYMENT:
        found.discard("=pagamento")
    return frozenset(found)


def _turns(text: str) -> frozenset[str]:
    """What turns a question into another one: words of time and manner, and closing instead of opening."""
    found = {"fechar" if token.stem in _CLOSING else token.form for token in tokens(text)}
    return frozenset(found & (_TURNING | {"fechar"}))


def _agree(mine: frozenset[str], yours: frozenset[str]) -> bool:
    """Whether both name the same, up to one mistyped word; two that name nothing do not agree."""
    if mine == yours:
        return bool(mine)
    more, less = mine - yours, yours - mine
    if len(more) != 1 or len(less) != 1:
        return False
    [one], [other] = more, less
    return (
        min(len(one), len(other)) >= _TYPING_LENGTH
        and "=" not in one + other
        and SequenceMatcher(None, one, other).ratio() >= _TYPING_ERROR
    )


def _denies(text: str) -> bool:
    return bool({"nao", "nunca", "nem", "sem"} & set(fold(text).replace(",", " ").replace(".", " ").split()))


def _words(text: str) -> frozenset[str]:
    return frozenset(token.lexeme for token in tokens(text) if token.weight > 0 or token.form == "sim")
