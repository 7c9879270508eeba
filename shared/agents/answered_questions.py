"""What customers asked and people of the business answered, read from conversations a batch at a time.

Only words of customers and people are read as questions and answers; what an agent wrote is never an answer, and a
question that an agent answered is not asked any more.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from shared.agents.questions import questions
from shared.knowledge.faq.models import AnsweredQuestion, Position
from shared.platform.database import Database

BATCH: Final = 100  # answers of people per transaction: a second or two of work
CONVERSATION_LIMIT: Final = 100  # messages of one conversation that are read around its answers
ANSWER_WITHIN: Final = timedelta(days=3)  # a weekend; what comes later answers something else
# An answer in several messages is read when it is complete, and what is committed late is not overtaken.
SETTLED_SECONDS: Final = 600

# What a customer hears while the question waits for a person: it is still the question that the person answers.
_WAITING: Final = frozenset({"handoff", "update"})
_FRESH: Final = """
    SELECT id, conversation_id, created_at FROM platform.messages
    WHERE sender_type = 'human' AND (created_at, id) > (CAST(:after AS timestamptz), CAST(:after_id AS uuid))
      AND created_at <= clock_timestamp() - make_interval(secs => :settled)
    ORDER BY created_at, id LIMIT :limit
"""
# What was not sent was not said. Surveys and templates ask and announce: they neither answer nor end a question.
_CONVERSATIONS: Final = """
    SELECT m.conversation_id, m.id, m.sender_type, m.message_type, m.text_content, m.created_at, o.kind,
           c.customer_name, p.display_name
    FROM unnest(CAST(:conversations AS uuid[]), CAST(:moments AS timestamptz[])) AS asked (conversation_id, moment)
    JOIN platform.conversations c ON c.organization_id = :organization_id AND c.id = asked.conversation_id
    LEFT JOIN platform.contacts p ON p.organization_id = c.organization_id AND p.id = c.contact_id
    CROSS JOIN LATERAL (
        SELECT x.* FROM platform.messages x
        WHERE x.organization_id = :organization_id AND x.conversation_id = asked.conversation_id
          AND x.created_at >= asked.moment - CAST(:within AS interval)
          AND x.created_at <= clock_timestamp() - make_interval(secs => :settled)
          AND x.deleted_at IS NULL AND x.delivery_status <> 'failed'
        ORDER BY x.created_at DESC, x.id DESC LIMIT :limit
    ) m
    LEFT JOIN platform.outbox o ON o.organization_id = :organization_id AND o.message_id = m.id
    WHERE coalesce(o.kind, '') NOT IN ('survey', 'template')
    ORDER BY m.conversation_id, m.created_at, m.id
"""
_BEGINNING: Final = Position(datetime.fromisoformat("1970-01-01T00:00:00+00:00"), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Batch:
    """Answered questions, how many answers were read for them, where reading has arrived, and what was no pair."""

    pairs: tuple[AnsweredQuestion, ...]
    answers: int
    reached: Position
    left_out: Counter[str] = field(default_factory=Counter)


def read_batch(
    database: Database,
    organization_id: UUID,
    *,
    after: Position | None,
    limit: int = BATCH,
    settled_seconds: float = SETTLED_SECONDS,
) -> Batch | None:
    """The next answers of people after a position, with the questions that they answer; None when there are none."""
    since = after or _BEGINNING
    fresh = database.tenant_once(
        organization_id,
        _FRESH,
        after=since.answered_at,
        after_id=since.message_id,
        settled=settled_seconds,
        limit=limit,
    )
    if not fresh:
        return None
    first: dict[UUID, datetime] = {}
    for row in fresh:
        first.setdefault(row.conversation_id, row.created_at)
    messages = database.tenant_once(
        organization_id,
        _CONVERSATIONS,
        organization_id=organization_id,
        conversations=list(first),
        moments=list(first.values()),
        within=ANSWER_WITHIN,
        settled=settled_seconds,
        limit=CONVERSATION_LIMIT,
    )
    new = {row.id for row in fresh}
    left_out: Counter[str] = Counter()
    pairs = [
        pair
        for _, rows in groupby(messages, key=lambda row: row.conversation_id)
        for pair in answered_in(list(rows), new=new, left_out=left_out)
    ]
    return Batch(tuple(pairs), len(fresh), Position(fresh[-1].created_at, fresh[-1].id), left_out)


def answered_in(rows: Sequence[Row[Any]], *, new: set[UUID], left_out: Counter[str]) -> Iterable[AnsweredQuestion]:
    """The answered questions of one conversation, its messages in order, whose answer begins with a `new` message."""
    asked: list[Row[Any]] = []
    for is_human, group in groupby(rows, key=lambda row: row.sender_type == "human"):
        block = list(group)
        if not is_human:
            for row in block:
                asked = [*asked, row] if row.sender_type == "customer" else asked if row.kind in _WAITING else []
            continue
        if asked and block[0].id in new:
            pair = _pair(asked, block)
            if isinstance(pair, AnsweredQuestion):
                yield pair
            else:
                left_out[pair] += 1
        asked = []


def _pair(asked: Sequence[Row[Any]], answer: Sequence[Row[Any]]) -> AnsweredQuestion | str:
    """The question and its answer, or the code of the reason why it is not one."""
    asked = [row for row in asked if row.created_at >= answer[0].created_at - ANSWER_WITHIN]
    found = questions(row.text_content for row in asked if row.text_content)
    if not found:
        return "not_a_question"
    if len(found) > 1:
        return "several_questions"  # which of them is answered by what, nobody can tell
    if any(row.message_type != "text" or not row.text_content for row in answer):
        return "not_in_words"
    return AnsweredQuestion(
        conversation_id=answer[0].conversation_id,
        question=found[0],
        question_message_id=asked[-1].id,
        answer="\n".join(row.text_content.strip() for row in answer),
        answer_message_id=answer[0].id,
        answered_at=answer[0].created_at,
        names=tuple(name for name in (answer[0].customer_name, answer[0].display_name) if name),
    )
