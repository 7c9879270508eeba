"""One run over all questions, and its figures for the part that was tuned on and the part that was not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.knowledge.calibration import calibration_of
from tests.benchmarks.report import Target
from tests.evaluation.asking import EMBEDDER, HYBRID, TEXT, VECTOR, Watched, ask_single_ways, replies
from tests.evaluation.figures import best_threshold, of, reply_figures, search_figures
from tests.evaluation.questions import questions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.agents.responder import Responder
    from shared.knowledge.embedding import Embedder
    from shared.platform.database import Database
    from tests.evaluation.asking import Asked, Business, Reply
    from tests.evaluation.figures import Said, Search

PARTS: Final = {"tuned on": False, "held out": True}  # → Question.held_out


@dataclass(frozen=True, slots=True)
class Way:
    """A way of searching with what it found, and the threshold below which it is silent."""

    asked: Sequence[Asked]
    threshold: float

    def figures(self, **wanted: object) -> Search:
        """Measured on the questions with these attributes."""
        return search_figures(of(self.asked, **wanted), threshold=self.threshold)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A run's outcome: the ways of searching by name, the replies, and whose they are."""

    ways: Mapping[str, Way]
    replies: Sequence[Reply]
    businesses: Mapping[str, Business]

    def said(self, **wanted: object) -> Said:
        """The figures of the replies to the questions with these attributes."""
        chosen = [
            reply
            for reply in self.replies
            if all(getattr(reply.question, name) == value for name, value in wanted.items())
        ]
        return reply_figures(chosen, lambda reply: self.businesses[reply.question.business])


def evaluate(
    application: Database,
    businesses: Sequence[Business],
    *,
    embedder: Embedder = EMBEDDER,
    responder: Callable[[Watched], Responder] | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Ask everything. `embedder` embeds the questions; `responder` makes what answers with a search."""
    watched = Watched(application, embedder)
    answering = responder(watched) if responder else None
    both: list[Asked] = []
    said: list[Reply] = []
    single: dict[str, list[Asked]] = {VECTOR: [], TEXT: []}
    for business in businesses:
        told(f"asking the {business.name}")
        questions = questions_of(business.name)
        for asked, reply in replies(business, questions, watched, answering):
            both.append(asked)
            said.append(reply)
        for name, found in ask_single_ways(application, business, questions, embedder=embedder).items():
            single[name] += found
    ways = {HYBRID: Way(both, calibration_of(embedder.model).threshold)}
    ways |= {name: Way(found, best_threshold(of(found, held_out=False))) for name, found in single.items()}
    return Evaluation(ways, said, {business.name: business for business in businesses})


def promises(evaluation: Evaluation) -> list[Target]:
    """What a change may not make worse: a fall below any of these fails `make eval` and the tests."""
    found = []
    for part, floors in FLOORS.items():
        wanted = {} if part == "all" else {"held_out": PARTS[part]}
        hybrid, said = evaluation.ways[HYBRID].figures(**wanted), evaluation.said(**wanted)
        measured = {
            "recall@5": hybrid.recall_at_5.value,
            "abstain precision": hybrid.abstain_precision.value,
            "abstain recall": hybrid.abstain_recall.value,
            "replies that say what they must": said.right.value,
        }
        found += [Target(what=f"{part}: {what}", measured=measured[what], at_least=floors[what]) for what in floors]
        found.append(Target(what=f"{part}: valid citations", measured=said.citations.value, at_least=1.0))
        for what, count in (("invented", said.invented), ("stale", said.stale), ("obeyed", said.obeyed)):
            found.append(Target(what=f"{part}: {what}", measured=count, at_most=0))
        for name in (VECTOR, TEXT):
            less = hybrid.right.value - evaluation.ways[name].figures(**wanted).right.value
            found.append(Target(what=f"{part}: right outcomes, hybrid less {name}", measured=less, at_least=LEAD))
    return found


# What is promised of the whole set, and a question below what each part reaches.
FLOORS: Final = {
    "all": {"recall@5": 0.95, "abstain precision": 0.90},
    "tuned on": {
        "recall@5": 0.95,
        "abstain precision": 0.91,
        "abstain recall": 0.89,
        "replies that say what they must": 0.87,
    },
    "held out": {
        "recall@5": 0.93,
        "abstain precision": 0.86,
        "abstain recall": 0.75,
        "replies that say what they must": 0.84,
    },
}
LEAD: Final = 0.01  # of right outcomes by which both ways together are better than either
