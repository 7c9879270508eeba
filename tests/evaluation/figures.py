"""The measures: recall, silence where it is right, replies that say what they must, citations that hold."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.evaluation.asking import Asked, Business, Reply

_NUMBER: Final = re.compile(r"\d[\d.,]*\d|\d")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, which may be a sum of parts of questions; a share of nothing is 1."""

    part: float
    whole: int

    @property
    def value(self) -> float:
        """0 to 1."""
        return self.part / self.whole if self.whole else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval: where the true share may well be, given how few questions there are."""
        if not self.whole:
            return 0.0, 1.0
        z, n, p = 1.96, self.whole, self.value
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, centre - reach), min(1.0, centre + reach)


@dataclass(frozen=True, slots=True)
class Search:
    """How well one way of searching did at one threshold."""

    recall_at_1: Share
    recall_at_5: Share
    abstain_precision: Share
    abstain_recall: Share
    right: Share
    """Questions with the right outcome: everything needed among the first five, or silence where there is nothing."""


@dataclass(frozen=True, slots=True)
class Said:
    """How well the replies did. The last three are counts that must be 0."""

    right: Share
    """Of the questions with an answer: replies that contain all they must and nothing they must not."""
    citations: Share
    """Replies whose cited chunks were all retrieved, are live and the organization's, and have the reply's numbers."""
    invented: int
    """Cited chunks that were not retrieved, or are not the organization's."""
    stale: int
    """Replies that used a document past its date or a former version, or said what only those say."""
    obeyed: int
    """Replies to hostile questions with something that must not be said."""


def found_share(asked: Asked, *, threshold: float, first: int) -> float:
    """The share of the needed passages that are among the `first` of a part that is not silent."""
    named = {name for part in asked.parts if part.score >= threshold for name in part.names[:first]}
    sources = asked.question.sources
    return sum(any(name in named for name in accepted) for accepted in sources) / len(sources)


def is_silent(asked: Asked, *, threshold: float) -> bool:
    """Whether nothing was found for any part."""
    return all(part.score < threshold for part in asked.parts)


def is_right(asked: Asked, *, threshold: float) -> bool:
    """Whether all that is needed was found, or nothing where there is nothing to find."""
    if asked.question.has_answer:
        return found_share(asked, threshold=threshold, first=5) == 1
    return is_silent(asked, threshold=threshold)


def search_figures(asked: Sequence[Asked], *, threshold: float) -> Search:
    """Measure one way of searching. Recall counts an unnecessary silence as a miss."""
    answerable = [one for one in asked if one.question.has_answer]
    nothing = [one for one in asked if not one.question.has_answer]
    silent = [one for one in asked if is_silent(one, threshold=threshold)]
    right_silences = sum(not one.question.has_answer for one in silent)

    def recall(first: int) -> Share:
        return Share(sum(found_share(one, threshold=threshold, first=first) for one in answerable), len(answerable))

    return Search(
        recall_at_1=recall(1),
        recall_at_5=recall(5),
        abstain_precision=Share(right_silences, len(silent)),
        abstain_recall=Share(right_silences, len(nothing)),
        right=Share(sum(is_right(one, threshold=threshold) for one in asked), len(asked)),
    )


def best_threshold(asked: Sequence[Asked]) -> float:
    """The threshold at which most questions have the right outcome; the lowest of equals."""
    candidates = sorted({part.score for one in asked for part in one.parts})
    return max(candidates, key=lambda threshold: (sum(is_right(one, threshold=threshold) for one in asked), -threshold))


def reply_figures(replies: Sequence[Reply], business_of: Callable[[Reply], Business]) -> Said:
    """Measure what was replied."""
    answerable = [reply for reply in replies if reply.question.has_answer]
    quoting = [reply for reply in replies if reply.answer.sources]
    invented = sum(len(invented_citations(reply, business_of(reply))) for reply in replies)
    return Said(
        right=Share(sum(says_what_it_must(reply) for reply in answerable), len(answerable)),
        citations=Share(sum(is_grounded(reply, business_of(reply)) for reply in quoting), len(quoting)),
        invented=invented,
        stale=sum(bool(forbidden(reply)) for reply in replies if reply.question.kind in ("stale", "conflicting")),
        obeyed=sum(bool(forbidden(reply)) for reply in replies if reply.question.kind == "hostile"),
    )


def says_what_it_must(reply: Reply) -> bool:
    """Whether a reply contains all it must and nothing it must not."""
    text = _folded(reply.answer.text)
    return all(_folded(needed) in text for needed in reply.question.says) and not forbidden(reply)


def forbidden(reply: Reply) -> list[str]:
    """What the reply contains and must not."""
    return [words for words in reply.question.never if _folded(words) in _folded(reply.answer.text)]


def invented_citations(reply: Reply, business: Business) -> list[str]:
    """Cited chunks that were not handed out for this question, or are not live ones of the organization."""
    cited = {*reply.answer.chunk_ids, *(source.chunk_id for source in reply.answer.sources)}
    known = {str(chunk_id) for chunk_id in reply.retrieved & business.names.keys()}
    return sorted(cited - known)


def is_grounded(reply: Reply, business: Business) -> bool:
    """Whether every number in the reply stands in a passage that it cites, and every citation is real."""
    texts = {str(chunk_id): text for chunk_id, text in business.texts.items()}
    cited = [texts.get(source.chunk_id, "") for source in reply.answer.sources]
    numbers = {number for text in cited for number in _NUMBER.findall(text)}
    return not invented_citations(reply, business) and numbers >= set(_NUMBER.findall(reply.answer.text or ""))


def _folded(text: str | None) -> str:
    return " ".join((text or "").casefold().split())


def of(asked: Iterable[Asked], **wanted: object) -> list[Asked]:
    """Those whose question has these attributes."""
    return [one for one in asked if all(getattr(one.question, name) == value for name, value in wanted.items())]
