"""How well a frozen question set is answered: recall of the right passage, and whether silence is kept where it should.

A question's `answer` is "file#heading" of the passage that answers it, or null when the knowledge says nothing of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.knowledge.retrieval import Retrieval, retrieve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from uuid import UUID

    from shared.platform.database import Database


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a set with what retrieval made of it; `found` names the passages as the set does."""

    question: str
    answer: str | None
    found: Sequence[str]
    retrieval: Retrieval


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A question set's outcome."""

    asked: Sequence[Asked]

    def recall_at(self, count: int) -> float:
        """The share of answerable questions whose passage is among the first `count`; silence is a miss."""
        answerable = [one for one in self.asked if one.answer]
        return sum(one.answer in one.found[:count] for one in answerable) / len(answerable)

    @property
    def abstain_precision(self) -> float:
        """Of the questions that were not answered, the share that has no answer."""
        silent = [one for one in self.asked if not one.retrieval.above_threshold]
        return sum(one.answer is None for one in silent) / len(silent)

    @property
    def abstain_recall(self) -> float:
        """Of the questions that have no answer, the share that was not answered."""
        unanswerable = [one for one in self.asked if one.answer is None]
        return sum(not one.retrieval.above_threshold for one in unanswerable) / len(unanswerable)

    def summary(self) -> str:
        """One line of figures and one for each question that went wrong."""
        recall = f"recall@1 {self.recall_at(1):.3f} @5 {self.recall_at(5):.3f}"
        abstain = f"abstain precision {self.abstain_precision:.3f} recall {self.abstain_recall:.3f}"
        lines = [f"{len(self.asked)} questions, {recall}, {abstain}"]
        for one in self.asked:
            if (one.answer is None) == one.retrieval.above_threshold or (
                one.answer and one.answer not in one.found[:5]
            ):
                best = one.found[0] if one.found else "nothing"
                lines.append(f"  {one.retrieval.best_score:.2f} {one.question} → {best} (wanted {one.answer})")
        return "\n".join(lines)


def evaluate(database: Database, organization_id: UUID, questions: Path) -> Evaluation:
    """Ask every question of the set."""
    sources = {
        row.id: row.source_path
        for row in database.tenant_once(organization_id, "SELECT id, source_path FROM platform.knowledge_base")
    }
    asked = []
    for one in json.loads(questions.read_text(encoding="utf-8")):
        retrieval = retrieve(database, organization_id=organization_id, question=one["question"])
        found = [
            f"{sources[passage.knowledge_id]}#{passage.heading.rpartition(' > ')[2]}" for passage in retrieval.passages
        ]
        asked.append(Asked(one["question"], one["answer"], found, retrieval))
    return Evaluation(asked)
