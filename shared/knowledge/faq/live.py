"""What the live knowledge and earlier decisions say about a question: who answers it already, and what was refused."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.knowledge.faq import queries
from shared.knowledge.faq.models import LiveAnswer
from shared.knowledge.faq.sameness import Question, compared, same_answer, same_question
from shared.platform.database import TenantSession


@dataclass(frozen=True, slots=True)
class KnownDraft:
    """A draft that asks the same: its id, its answer, and what was decided."""

    id: UUID
    state: str
    decision: str | None
    answer: str
    conflict_with: UUID | None


@dataclass(slots=True)
class Known:
    """All that is known of one question: live answers, and drafts by their state."""

    live: list[LiveAnswer] = field(default_factory=list)
    drafts: list[KnownDraft] = field(default_factory=list)

    @property
    def open_draft(self) -> KnownDraft | None:
        """The draft that waits for a decision."""
        return next((draft for draft in self.drafts if draft.state == "draft"), None)

    def is_refused(self, answer: str) -> bool:
        """Whether a person rejected the question, or kept the live answer against this one."""
        return any(
            draft.state == "rejected" and (draft.decision == "reject" or same_answer(draft.answer, answer))
            for draft in self.drafts
        )

    def is_live(self, answer: str) -> bool:
        """Whether the knowledge in use says this already."""
        return any(says(live, answer) for live in self.live)

    def contradicting(self, answer: str) -> LiveAnswer | None:
        """The live entry that answers otherwise; None when none answers, or one answers so."""
        return None if self.is_live(answer) else next(iter(self.live), None)


def says(live: LiveAnswer, answer: str) -> bool:
    """Whether a live entry holds this answer: as all it says, or as one of its lines."""
    return any(same_answer(part, answer) for part in (live.answer, *live.answer.splitlines()))


def known_of(
    session: TenantSession, questions: Sequence[Question], *, vectors: Sequence[str], model: str
) -> list[Known]:
    """What is known of each question. `vectors` are pgvector's text forms, by the embedder `model`."""
    found = [Known() for _ in questions]
    if not questions:
        return found
    keys = [question.key for question in questions]
    for row in queries.nearest_drafts(session, vectors=vectors, keys=keys, model=model):
        question, known = questions[row.place - 1], found[row.place - 1]
        if same_question(question, compared(row.question), cosine=float(row.cosine), model=model):
            known.drafts.append(KnownDraft(row.id, row.state, row.decision, row.answer, row.conflict_with))
            if row.entry_id is not None:
                _add(known, _entry(row._mapping))  # noqa: SLF001 -- the row's own names
    for row in queries.entries_with_keys(session, keys):
        for question, known in zip(questions, found, strict=True):
            if question.key == row.question_key:
                _add(known, _entry(row._mapping))  # noqa: SLF001 -- as above
    _add_headings(queries.asking_headings(session), questions, found, model=model)
    return found


def _add_headings(
    rows: Iterable[Row[Any]], questions: Sequence[Question], found: Sequence[Known], *, model: str
) -> None:
    for row in rows:
        asked = compared(row.heading.rpartition(" > ")[2])
        for question, known in zip(questions, found, strict=True):
            if same_question(question, asked, cosine=None, model=model):
                _add(
                    known,
                    LiveAnswer(
                        entry_id=row.entry_id,
                        question=asked.text,
                        answer=row.content,
                        version=row.version,
                        in_file=row.in_file,
                    ),
                )


def _entry(row: Mapping[Any, Any]) -> LiveAnswer:
    return LiveAnswer(
        entry_id=row["entry_id"],
        question=row["entry_question"],
        answer=row["entry_answer"],
        version=row["version"],
        in_file=row["in_file"],
    )


def _add(known: Known, live: LiveAnswer) -> None:
    if all(live.entry_id != other.entry_id for other in known.live):
        known.live.append(live)
