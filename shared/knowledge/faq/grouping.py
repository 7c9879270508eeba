"""Questions by what is asked; pure, and nearly linear in their number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.knowledge.embedding import Embedder
from shared.knowledge.faq.sameness import Question, compared, same_question

_EMBEDDED_AT_ONCE: Final = 200  # questions: a megabyte of vectors

Vector = NDArray[np.float32]


@dataclass(slots=True)
class Group:
    """Questions that ask the same, by their places; the first one's words and vector stand for all."""

    question: Question
    vector: Vector
    places: list[int] = field(default_factory=list)


def grouped(texts: Sequence[str], embedder: Embedder) -> list[Group]:
    """The questions by what they ask, in the order in which each was asked first."""
    groups: list[Group] = []
    by_key: dict[str, Group] = {}
    by_size: dict[tuple[int, frozenset[str]], list[Group]] = {}
    for start in range(0, len(texts), _EMBEDDED_AT_ONCE):
        part = texts[start : start + _EMBEDDED_AT_ONCE]
        for place, (text, vector) in enumerate(zip(part, embedder.embed(part), strict=True), start=start):
            question = compared(text)
            # those that agree name as many things, with the same turn
            alike = by_size.setdefault((len(question.names), question.turns), [])
            group = by_key.get(question.key) or next(
                (other for other in alike if _same(other, question, vector, model=embedder.model)), None
            )
            if group is None:
                group = Group(question, vector)
                groups.append(group)
                alike.append(group)
            by_key.setdefault(question.key, group)
            group.places.append(place)
    return groups


def _same(group: Group, question: Question, vector: Vector, *, model: str) -> bool:
    return same_question(group.question, question, cosine=float(group.vector @ vector), model=model)
