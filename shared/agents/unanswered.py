"""What customers asked in a month and the knowledge could not answer: grouped, counted, the most asked first.

A turn that abstained for a gap in the knowledge is one row of `agent_executions`. It names what it could not answer; of
one that does not, all that its messages ask counts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from shared.agents.questions import questions
from shared.kit.errors import Rejected
from shared.kit.text import truncate
from shared.knowledge.calibration import calibration_of
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.faq.grouping import grouped
from shared.knowledge.faq.normalising import KEY_LIMIT
from shared.knowledge.faq.private_data import private_data, without_private_data
from shared.platform.database import Database

MOST_TURNS: Final = 5000  # the newest of a month that are read: some seconds
EXAMPLES: Final = 3  # message ids per question
# A price or a promise that no source backs was stopped at a gate: the knowledge does not have it.
_REASONS: Final = ("knowledge_gap", "gate:amounts", "gate:promises")
_MONTH: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")

_EMBEDDER: Final = HashedNgrams()

# The month is the organization's own: it begins and ends at its midnight.
_BOUNDS: Final = """
    SELECT timezone,
           CAST(:first AS date)::timestamp AT TIME ZONE timezone AS begins,
           (CAST(:first AS date) + interval '1 month') AT TIME ZONE timezone AS ends
    FROM platform.organizations WHERE id = :organization_id
"""
_TURNS: Final = """
    SELECT e.conversation_id, e.created_at, e.output_data -> 'best_scores' AS scores,
           e.output_data -> 'unanswered' AS unanswered, asked.ids, asked.texts
    FROM departments.agent_executions e
    CROSS JOIN LATERAL (
        SELECT array_agg(m.id ORDER BY m.seq) AS ids, array_agg(m.text_content ORDER BY m.seq) AS texts
        FROM platform.messages m
        WHERE m.organization_id = e.organization_id AND m.conversation_id = e.conversation_id
          AND m.seq BETWEEN e.from_seq AND e.to_seq AND m.deleted_at IS NULL AND m.text_content <> ''
    ) asked
    WHERE e.organization_id = :organization_id AND e.status = 'completed' AND e.outcome = 'abstained'
      AND e.created_at >= :begins AND e.created_at < :ends
      AND (e.output_data ->> 'reason' = ANY (CAST(:reasons AS text[]))
           OR jsonb_typeof(e.output_data -> 'unanswered' -> 0) = 'object')
      AND asked.ids IS NOT NULL
    ORDER BY e.created_at DESC, e.id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredQuestion:
    """One question, in the newest words without personal data; `best_score` is the nearest that the knowledge came."""

    question: str
    count: int
    conversations: int
    best_score: float | None
    last_asked_at: datetime
    message_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredReport:
    """The questions of a month, `2026-11`, in the organization's time zone. `complete`: all its turns were read."""

    month: str
    timezone: str
    turns: int
    complete: bool
    questions: tuple[UnansweredQuestion, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    conversation_id: UUID
    message_id: UUID
    at: datetime
    score: float | None


def unanswered_questions(
    database: Database, organization_id: UUID, *, month: str, limit: int = 50, embedder: Embedder = _EMBEDDER
) -> UnansweredReport:
    """The most asked questions of a month ("2026-11") that led to a person for want of knowledge, at most `limit`.

    Two statements, whatever the month holds. Raises Rejected `month_unusable`, Unavailable when the database is.
    """
    if not _MONTH.fullmatch(month):
        raise Rejected("month_unusable", f"{month!r} is not a month; write it as 2026-12")
    [bounds] = database.tenant_once(organization_id, _BOUNDS, organization_id=organization_id, first=f"{month}-01")
    rows = database.tenant_once(
        organization_id,
        _TURNS,
        organization_id=organization_id,
        begins=bounds.begins,
        ends=bounds.ends,
        reasons=list(_REASONS),
        limit=MOST_TURNS + 1,
    )
    read = rows[:MOST_TURNS]
    asked = [one for row in read for one in _asked_in(row)]
    groups = [[asked[place] for place in group.places] for group in grouped([one.text for one in asked], embedder)]
    told = sorted(map(_told, groups), key=lambda one: (-one.count, -one.last_asked_at.timestamp()))
    return UnansweredReport(
        month=month,
        timezone=bounds.timezone,
        turns=len(read),
        complete=len(rows) <= MOST_TURNS,
        questions=tuple(told[:limit]),
    )


def _asked_in(row: Row[Any]) -> Iterable[_Asked]:
    """The questions of a turn that were not answered, with the message in which each ends; none that was taken back."""
    if row.unanswered:
        there = {str(message_id): message_id for message_id in row.ids}
        found = [(one["text"], there.get(one["message_id"])) for one in row.unanswered]
    else:
        found = [(text, row.ids[-1]) for text in questions(row.texts)]
    threshold = calibration_of(HashedNgrams.model).threshold
    low = [score for score in row.scores or () if score < threshold]
    scores: list[float | None] = low if len(low) == len(found) else [None] * len(found)
    for (text, message_id), score in zip(found, scores, strict=True):
        if message_id is not None:
            yield _Asked(truncate(text, KEY_LIMIT), row.conversation_id, message_id, row.created_at, score)


def _told(group: Sequence[_Asked]) -> UnansweredQuestion:
    """A group, newest first, as it is told."""
    shown = next((one.text for one in group if private_data(one.text) is None), None)
    scores = [one.score for one in group if one.score is not None]
    return UnansweredQuestion(
        question=shown if shown is not None else without_private_data(group[0].text),
        count=len(group),
        conversations=len({one.conversation_id for one in group}),
        best_score=max(scores) if scores else None,
        last_asked_at=group[0].at,
        message_ids=tuple(dict.fromkeys(one.message_id for one in group))[:EXAMPLES],
    )
