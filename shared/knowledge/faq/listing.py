"""Drafts as people look at them: those that wait, how often each was asked, and what each contradicts."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from shared.kit.errors import Rejected
from shared.knowledge.faq.models import Draft, LiveAnswer, Source, State
from shared.platform.database import Database

_DRAFTS: Final = """
    SELECT d.id, d.state, d.question, d.answer, d.decision, d.decided_at, d.knowledge_id, d.created_at,
           s.asked, s.last_answered_at,
           k.id AS entry_id, k.title, k.content, k.version, k.source_path IS NOT NULL AS in_file
    FROM platform.faq_drafts d
    CROSS JOIN LATERAL (
        SELECT count(*) AS asked, max(x.answered_at) AS last_answered_at FROM platform.faq_draft_sources x
        WHERE x.organization_id = d.organization_id AND x.draft_id = d.id) s
    LEFT JOIN platform.knowledge_base k
        ON k.organization_id = d.organization_id AND k.id = d.conflict_with AND k.status = 'active'
"""
_LIST: Final = f"""{_DRAFTS}
    WHERE d.state = :state AND s.asked >= :at_least
    ORDER BY s.asked DESC, s.last_answered_at DESC NULLS LAST, d.id LIMIT :limit
"""
_SHOW: Final = f"{_DRAFTS} WHERE d.id = :id"
_SOURCES: Final = """
    SELECT conversation_id, question_message_id, answer_message_id, question, answer, answered_at
    FROM platform.faq_draft_sources WHERE draft_id = :id ORDER BY answered_at DESC, id DESC LIMIT :limit
"""


def list_drafts(
    database: Database, organization_id: UUID, *, state: State = "draft", at_least: int = 0, limit: int = 100
) -> list[Draft]:
    """The drafts in a state whose question was asked in at least so many conversations, the most asked first."""
    rows = database.tenant_once(organization_id, _LIST, state=state, at_least=at_least, limit=limit)
    return [_draft(row) for row in rows]


def find_draft(database: Database, organization_id: UUID, draft_id: UUID) -> Draft:
    """The draft of this id; Rejected (`faq_draft_unknown`) when there is none."""
    rows = database.tenant_once(organization_id, _SHOW, id=draft_id)
    if not rows:
        raise Rejected("faq_draft_unknown", f"There is no draft {draft_id}")
    return _draft(rows[0])


def sources_of_draft(database: Database, organization_id: UUID, draft_id: UUID, *, limit: int = 20) -> Sequence[Source]:
    """The newest conversations in which the draft's question was answered."""
    return [Source(**row._mapping) for row in database.tenant_once(organization_id, _SOURCES, id=draft_id, limit=limit)]  # noqa: SLF001 -- the row's own names


def _draft(row: Row[Any]) -> Draft:
    conflict = None
    if row.entry_id is not None:
        conflict = LiveAnswer(
            entry_id=row.entry_id, question=row.title, answer=row.content, version=row.version, in_file=row.in_file
        )
    return Draft(
        id=row.id,
        state=row.state,
        question=row.question,
        answer=row.answer,
        asked=row.asked,
        last_answered_at=row.last_answered_at,
        conflict=conflict,
        decision=row.decision,
        decided_at=row.decided_at,
        knowledge_id=row.knowledge_id,
        created_at=row.created_at,
    )
