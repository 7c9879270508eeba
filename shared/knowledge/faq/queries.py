"""Every statement on drafts, their sources, and how far an organization's answers are read.

Those that take a session are part of the caller's transaction; those that decide hold `lock_drafts` first.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from shared.knowledge.faq.models import AnsweredQuestion, Position, Source
from shared.platform.database import Database, TenantSession

NEAREST: Final = 20  # drafts that a question is compared with, by their vectors
HEADINGS_LIMIT: Final = 2000  # questions in headings of the knowledge that are looked at
SOURCES_LIMIT: Final = 200  # newest sources of which a draft's answer is chosen

# Runs and decisions of one organization come one after the other: each then sees what the other left.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('faq ' || CAST(:organization_id AS text), 0))")
_PROGRESS = "SELECT answered_at, message_id FROM platform.faq_progress"
_ADVANCE = text("""
    INSERT INTO platform.faq_progress (organization_id, answered_at, message_id)
    VALUES (:organization_id, :answered_at, :message_id)
    ON CONFLICT (organization_id) DO UPDATE SET answered_at = excluded.answered_at, message_id = excluded.message_id
    WHERE (faq_progress.answered_at, faq_progress.message_id)
          IS NOT DISTINCT FROM (CAST(:known_at AS timestamptz), CAST(:known_id AS uuid))
    RETURNING 1
""")
# Whose content is not taken back, and will not be before the drafts of it are there to vanish with it.
_HOLD = text("""
    SELECT id FROM platform.messages
    WHERE organization_id = :organization_id AND id = ANY (CAST(:ids AS uuid[])) AND deleted_at IS NULL
    ORDER BY id FOR SHARE
""")
# `place` counts from 1. Rejected drafts come too: what was refused once is not asked again.
_NEAREST = text("""
    SELECT asked.place, d.id, d.state, d.decision, d.question, d.question_key, d.answer, d.conflict_with,
           1 - (d.embedding <=> CAST(asked.vector AS public.vector)) AS cosine,
           k.id AS entry_id, k.title AS entry_question, k.content AS entry_answer, k.version,
           k.source_path IS NOT NULL AS in_file
    FROM unnest(CAST(:vectors AS text[]), CAST(:keys AS text[])) WITH ORDINALITY AS asked (vector, key, place)
    CROSS JOIN LATERAL (
        (SELECT x.id FROM platform.faq_drafts x
         WHERE x.embedding_model = :model AND x.state IN ('draft', 'approved', 'rejected')
         ORDER BY x.embedding <=> CAST(asked.vector AS public.vector) LIMIT :nearest)
        UNION
        (SELECT x.id FROM platform.faq_drafts x
         WHERE x.question_key = asked.key AND x.state IN ('draft', 'approved', 'rejected'))
    ) near
    JOIN platform.faq_drafts d ON d.id = near.id
    LEFT JOIN platform.knowledge_base k
        ON k.organization_id = d.organization_id AND k.id = d.knowledge_id AND k.status = 'active'
    ORDER BY asked.place, cosine DESC
""")
_WITH_KEYS = text("""
    SELECT id AS entry_id, question_key, title AS entry_question, content AS entry_answer, version,
           source_path IS NOT NULL AS in_file
    FROM platform.knowledge_base WHERE status = 'active' AND question_key = ANY (CAST(:keys AS text[]))
""")
# Headings that ask: those of imported files, where the passage below is the answer.
_HEADINGS = text("""
    SELECT c.knowledge_id AS entry_id, c.heading, c.content, k.title, k.version, k.source_path IS NOT NULL AS in_file
    FROM platform.knowledge_chunks c
    JOIN platform.knowledge_base k ON k.organization_id = c.organization_id AND k.id = c.knowledge_id
    WHERE k.status = 'active' AND k.question_key IS NULL AND right(c.heading, 1) = '?'
    ORDER BY c.knowledge_id, c.ordinal LIMIT :limit
""")
_INSERT_DRAFT = text("""
    INSERT INTO platform.faq_drafts (id, organization_id, question_key, question, answer, embedding, embedding_model,
                                     question_message_id, answer_message_id, conflict_with)
    VALUES (:id, :organization_id, :question_key, :question, :answer, CAST(:embedding AS public.vector), :model,
            :question_message_id, :answer_message_id, :conflict_with)
""")
_INSERT_SOURCES = text("""
    INSERT INTO platform.faq_draft_sources (organization_id, draft_id, conversation_id, question_message_id,
                                            answer_message_id, question, answer, answered_at)
    SELECT :organization_id, draft_id, conversation_id, question_message_id,
           answer_message_id, question, answer, answered_at
    FROM unnest(CAST(:drafts AS uuid[]), CAST(:conversations AS uuid[]), CAST(:asking AS uuid[]),
                CAST(:answering AS uuid[]), CAST(:questions AS text[]), CAST(:answers AS text[]),
                CAST(:moments AS timestamptz[]))
         AS given (draft_id, conversation_id, question_message_id, answer_message_id, question, answer, answered_at)
    ON CONFLICT (organization_id, draft_id, conversation_id) DO NOTHING
    RETURNING draft_id
""")
_SOURCES = text("""
    SELECT draft_id, conversation_id, question_message_id, answer_message_id, question, answer, answered_at
    FROM (SELECT s.*, row_number() OVER (PARTITION BY draft_id ORDER BY answered_at DESC, id DESC) AS newest
          FROM platform.faq_draft_sources s WHERE draft_id = ANY (CAST(:drafts AS uuid[]))) s
    WHERE newest <= :limit
    ORDER BY draft_id, answered_at DESC, id DESC
""")
_SUPERSEDE = text("UPDATE platform.faq_drafts SET state = 'superseded' WHERE id = :id AND state = 'draft' RETURNING 1")
_COPY_SUPERSEDED = text("""
    INSERT INTO platform.faq_drafts (id, organization_id, question_key, question, answer, embedding, embedding_model,
                                     question_message_id, answer_message_id, conflict_with)
    SELECT :id, organization_id, question_key, question, :answer, embedding, embedding_model,
           question_message_id, :answer_message_id, conflict_with
    FROM platform.faq_drafts WHERE id = :former
""")
_MOVE_SOURCES = text("UPDATE platform.faq_draft_sources SET draft_id = :id WHERE draft_id = :former")
_OTHER_MODEL = """
    SELECT id, question FROM platform.faq_drafts
    WHERE embedding_model <> :model AND state IN ('draft', 'approved', 'rejected') ORDER BY id LIMIT :limit
"""
_REEMBED = """
    UPDATE platform.faq_drafts d SET embedding = CAST(given.embedding AS public.vector), embedding_model = :model
    FROM unnest(CAST(:ids AS uuid[]), CAST(:embeddings AS text[])) AS given (id, embedding) WHERE d.id = given.id
"""
_STALE = text("""
    UPDATE platform.faq_drafts d SET state = 'stale'
    WHERE d.state = 'draft' AND NOT EXISTS (
        SELECT FROM platform.faq_draft_sources s WHERE s.organization_id = d.organization_id AND s.draft_id = d.id
        AND s.answered_at > clock_timestamp() - make_interval(days => :days))
    RETURNING 1
""")


def lock_drafts(session: TenantSession, organization_id: UUID) -> None:
    """Wait until no other run or decision of this organization is in its transaction."""
    session.execute(_LOCK, {"organization_id": organization_id})


def progress(database: Database, organization_id: UUID) -> Position | None:
    """How far the organization's answers are read; None before the first run."""
    rows = database.tenant_once(organization_id, _PROGRESS)
    return Position(rows[0].answered_at, rows[0].message_id) if rows else None


def advance(session: TenantSession, organization_id: UUID, *, known: Position | None, reached: Position) -> bool:
    """Record how far is read now; False when another run was there since `known`."""
    parameters = {
        "organization_id": organization_id,
        "answered_at": reached.answered_at,
        "message_id": reached.message_id,
        "known_at": known.answered_at if known else None,
        "known_id": known.message_id if known else None,
    }
    return session.execute(_ADVANCE, parameters).first() is not None


def hold_messages(session: TenantSession, organization_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the messages that are still there; they stay as they are until the transaction ends."""
    return set(session.execute(_HOLD, {"organization_id": organization_id, "ids": list(ids)}).scalars())


def nearest_drafts(
    session: TenantSession, *, vectors: Sequence[str], keys: Sequence[str], model: str
) -> Sequence[Row[Any]]:
    """For each vector (by its `place`, from 1) the drafts that may ask the same, with the live entry of each."""
    return session.execute(
        _NEAREST, {"vectors": list(vectors), "keys": list(keys), "model": model, "nearest": NEAREST}
    ).all()


def entries_with_keys(session: TenantSession, keys: Sequence[str]) -> Sequence[Row[Any]]:
    """The live entries that answer these normalised questions."""
    return session.execute(_WITH_KEYS, {"keys": list(keys)}).all()


def asking_headings(session: TenantSession) -> Sequence[Row[Any]]:
    """The live passages below a heading that asks something, at most HEADINGS_LIMIT."""
    return session.execute(_HEADINGS, {"limit": HEADINGS_LIMIT}).all()


def insert_draft(  # noqa: PLR0913 -- the columns of one row
    session: TenantSession,
    organization_id: UUID,
    pair: AnsweredQuestion,
    *,
    draft_id: UUID,
    question_key: str,
    embedding: str,
    model: str,
    conflict_with: UUID | None,
) -> None:
    """Add an open draft with this question and answer."""
    parameters = {
        "id": draft_id,
        "organization_id": organization_id,
        "question_key": question_key,
        "question": pair.question,
        "answer": pair.answer,
        "embedding": embedding,
        "model": model,
        "question_message_id": pair.question_message_id,
        "answer_message_id": pair.answer_message_id,
        "conflict_with": conflict_with,
    }
    session.execute(_INSERT_DRAFT, parameters)


def insert_sources(
    session: TenantSession, organization_id: UUID, sources: Sequence[tuple[UUID, AnsweredQuestion]]
) -> int:
    """Add answered questions to their drafts; a conversation counts once for a draft. Returns how many were new."""
    pairs = [pair for _, pair in sources]
    parameters = {
        "organization_id": organization_id,
        "drafts": [draft_id for draft_id, _ in sources],
        "conversations": [pair.conversation_id for pair in pairs],
        "asking": [pair.question_message_id for pair in pairs],
        "answering": [pair.answer_message_id for pair in pairs],
        "questions": [pair.question for pair in pairs],
        "answers": [pair.answer for pair in pairs],
        "moments": [pair.answered_at for pair in pairs],
    }
    return len(session.execute(_INSERT_SOURCES, parameters).all()) if pairs else 0


def sources_of(session: TenantSession, drafts: Sequence[UUID]) -> dict[UUID, list[Source]]:
    """The newest SOURCES_LIMIT sources of each draft, newest first."""
    found: dict[UUID, list[Source]] = {draft_id: [] for draft_id in drafts}
    for row in session.execute(_SOURCES, {"drafts": list(drafts), "limit": SOURCES_LIMIT}):
        draft_id, *values = row
        found[draft_id].append(Source(**dict(zip(_SOURCE_FIELDS, values, strict=True))))
    return found


_SOURCE_FIELDS: Final = (
    "conversation_id",
    "question_message_id",
    "answer_message_id",
    "question",
    "answer",
    "answered_at",
)


def supersede(session: TenantSession, former: UUID, *, draft_id: UUID, source: Source) -> None:
    """Another answer takes an open draft's place: a new draft with its sources, so nobody approves unseen words."""
    session.execute(_SUPERSEDE, {"id": former})
    session.execute(
        _COPY_SUPERSEDED,
        {"id": draft_id, "former": former, "answer": source.answer, "answer_message_id": source.answer_message_id},
    )
    session.execute(_MOVE_SOURCES, {"id": draft_id, "former": former})


def close_stale_drafts(session: TenantSession, *, days: int) -> int:
    """End the open drafts whose question nobody asked for so many days; returns how many."""
    return len(session.execute(_STALE, {"days": days}).all())


def drafts_of_another_model(database: Database, organization_id: UUID, *, model: str, limit: int) -> Sequence[Row[Any]]:
    """The id and question of drafts whose vectors are not of this model."""
    return database.tenant_once(organization_id, _OTHER_MODEL, model=model, limit=limit)


def store_embeddings(database: Database, organization_id: UUID, embeddings: dict[UUID, str], *, model: str) -> None:
    """Give drafts the vectors of this model, in pgvector's text form."""
    ids, vectors = list(embeddings), list(embeddings.values())
    database.tenant_once(organization_id, _REEMBED, ids=ids, embeddings=vectors, model=model)
