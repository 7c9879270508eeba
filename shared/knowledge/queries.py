"""Every statement on the knowledge tables. Those that take a session are part of the caller's transaction."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, text

from shared.knowledge.models import ActiveEntry, ChunkRow, Entry
from shared.knowledge.portuguese import CONFIGURATION
from shared.platform.database import Database, TenantSession

# Chunks that are found by single bits and then compared in full, the greater part of a search's time. Fifty hold 0.97
# of the true best ten on real questions, a hundred 0.98 in half as much time again (docs/knowledge.md).
CANDIDATES: Final = 50

_LARGEST = 9999  # of the whole numbers that a question's vector is sent as

_SEARCH = """
    SELECT chunk_id, knowledge_id, heading, content, cosine, coverage, vector_rank, text_rank
    FROM platform.search_knowledge(CAST(:vector AS public.vector), :model, CAST(:lexemes AS text[]),
                                   CAST(:weights AS float8[]), :candidates, :limit)
"""
_ACTIVE = """
    SELECT source_path, id, version, source_digest FROM platform.knowledge_base
    WHERE status = 'active' AND source_path IS NOT NULL
"""
_MODEL = "SELECT embedding_model FROM platform.knowledge_settings"
_SHARE_MODEL = text("SELECT embedding_model FROM platform.knowledge_settings FOR SHARE")
_FIRST_MODEL = text("""
    INSERT INTO platform.knowledge_settings (organization_id, embedding_model) VALUES (:organization_id, :model)
    ON CONFLICT (organization_id) DO NOTHING
""")
_HAS_OBJECT = text("SELECT EXISTS (SELECT FROM platform.knowledge_base WHERE source_object = :name)")
_LOCK_ACTIVE = text("""
    SELECT id, version, source_digest, source_object FROM platform.knowledge_base
    WHERE status = 'active' AND source_path = :source_path FOR UPDATE
""")
_DEPRECATE = text("""
    UPDATE platform.knowledge_base SET status = 'deprecated' WHERE id = :id AND status = 'active' RETURNING id
""")
_DELETE_CHUNKS = text("DELETE FROM platform.knowledge_chunks WHERE knowledge_id = :knowledge_id")
_INSERT_ENTRY = text("""
    INSERT INTO platform.knowledge_base (id, organization_id, title, content, content_type, category, tags, valid_until,
                                         source_path, source_digest, source_object, version, parent_id)
    VALUES (:id, :organization_id, :title, :content, :content_type, :category, CAST(:tags AS jsonb), :valid_until,
            :source_path, :source_digest, :source_object, :version, :parent_id)
    ON CONFLICT (organization_id, source_path) WHERE status = 'active' AND source_path IS NOT NULL DO NOTHING
    RETURNING id
""")
_INSERT_CHUNKS = text("""
    INSERT INTO platform.knowledge_chunks (id, organization_id, knowledge_id, ordinal, heading, content, embedding,
                                           embedding_model, search_vector, search_configuration)
    SELECT id, :organization_id, :knowledge_id, ordinal, heading, content, CAST(embedding AS public.vector),
           :model, array_to_tsvector(string_to_array(lexemes, ' ')), :configuration
    FROM unnest(CAST(:ids AS uuid[]), CAST(:ordinals AS integer[]), CAST(:headings AS text[]),
                CAST(:contents AS text[]), CAST(:embeddings AS text[]), CAST(:lexemes AS text[]))
         AS given (id, ordinal, heading, content, embedding, lexemes)
""")
# The partial index on (organization, model, ann_indexed) answers the count without the table.
_COUNT = "SELECT count(*) AS chunks FROM platform.knowledge_chunks WHERE embedding_model = :model"
_MOVE_TO_INDEX = """
    UPDATE platform.knowledge_chunks SET ann_indexed = true
    WHERE id IN (SELECT id FROM platform.knowledge_chunks
                 WHERE embedding_model = :model AND NOT ann_indexed LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING 1
"""


def search_knowledge(  # noqa: PLR0913 -- one statement's parameters, all named
    database: Database,
    *,
    organization_id: UUID,
    vector: NDArray[np.float32],
    model: str,
    terms: Mapping[str, float],
    limit: int,
) -> Sequence[Row[Any]]:
    """The best `limit` chunks of the joined ranking, best first; `terms` maps lexemes to their weight."""
    return database.tenant_once(
        organization_id,
        _SEARCH,
        vector=direction(vector),
        model=model,
        lexemes=list(terms),
        weights=list(terms.values()),
        candidates=max(CANDIDATES, limit),
        limit=limit,
    )


def direction(vector: NDArray[np.float32]) -> str:
    """A vector to search with, in whole numbers: no cosine sees the scale, and they are written and read fast."""
    return str(np.rint(vector * (_LARGEST / max(float(np.abs(vector).max()), 1e-30))).astype(np.int32).tolist())


def active_entries(database: Database, organization_id: UUID) -> dict[str, ActiveEntry]:
    """The organization's active entries that came from files, by their path."""
    rows = database.tenant_once(organization_id, _ACTIVE)
    return {
        row.source_path: ActiveEntry(id=row.id, version=row.version, source_digest=row.source_digest) for row in rows
    }


def lock_active(session: TenantSession, *, source_path: str) -> ActiveEntry | None:
    """The source's entry in use, locked."""
    row = session.execute(_LOCK_ACTIVE, {"source_path": source_path}).one_or_none()
    return None if row is None else ActiveEntry(id=row[0], version=row[1], source_digest=row[2], source_object=row[3])


def has_object(session: TenantSession, name: str) -> bool:
    """Whether an entry, in use or not, came from this object."""
    return bool(session.execute(_HAS_OBJECT, {"name": name}).scalar_one())


def embedding_model(database: Database, organization_id: UUID) -> str | None:
    """The model of the organization's chunks, None before its first ones."""
    rows = database.tenant_once(organization_id, _MODEL)
    return str(rows[0].embedding_model) if rows else None


def share_model(session: TenantSession, organization_id: UUID, *, model: str) -> str:
    """The model of the organization's chunks, which stays until the transaction ends; `model` if there is none yet."""
    held = session.execute(_SHARE_MODEL).scalar_one_or_none()
    if held is None:
        session.execute(_FIRST_MODEL, {"organization_id": organization_id, "model": model})
        held = session.execute(_SHARE_MODEL).scalar_one()
    return str(held)


def deprecate_entry(session: TenantSession, entry_id: UUID) -> bool:
    """Take an entry and its chunks out of use; False when somebody else has. Its text stays, as a former version."""
    if session.execute(_DEPRECATE, {"id": entry_id}).first() is None:
        return False
    session.execute(_DELETE_CHUNKS, {"knowledge_id": entry_id})
    return True


def insert_entry(  # noqa: PLR0913 -- the entry, and where it stands among its versions
    session: TenantSession,
    organization_id: UUID,
    entry: Entry,
    *,
    entry_id: UUID,
    replaces: ActiveEntry | None,
    version: int | None = None,
) -> bool:
    """Add an active entry, one version further unless it is given; False when there is an active one of its path."""
    parameters = {
        "id": entry_id,
        "organization_id": organization_id,
        "title": entry.title,
        "content": entry.content,
        "content_type": entry.content_type,
        "category": entry.category,
        "tags": json.dumps(entry.tags),
        "valid_until": entry.valid_until,
        "source_path": entry.source_path,
        "source_digest": entry.source_digest,
        "source_object": entry.source_object,
        "version": version or (replaces.version + 1 if replaces else 1),
        "parent_id": replaces.id if replaces else None,
    }
    return session.execute(_INSERT_ENTRY, parameters).first() is not None


def insert_chunks(
    session: TenantSession, organization_id: UUID, chunks: Sequence[ChunkRow], *, knowledge_id: UUID, model: str
) -> None:
    """Add chunks of one entry, all embedded by `model`."""
    parameters = {
        "organization_id": organization_id,
        "knowledge_id": knowledge_id,
        "model": model,
        "configuration": CONFIGURATION,
        "ids": [chunk.id for chunk in chunks],
        "ordinals": [chunk.ordinal for chunk in chunks],
        "headings": [chunk.heading for chunk in chunks],
        "contents": [chunk.content for chunk in chunks],
        "embeddings": [chunk.embedding for chunk in chunks],
        "lexemes": [" ".join(chunk.lexemes) for chunk in chunks],
    }
    session.execute(_INSERT_CHUNKS, parameters)


def count_chunks(database: Database, organization_id: UUID, *, model: str) -> int:
    """How many chunks of this embedding model the organization has."""
    return int(database.tenant_once(organization_id, _COUNT, model=model)[0].chunks)


def move_to_approximate_index(database: Database, organization_id: UUID, *, model: str, batch: int) -> int:
    """Put up to `batch` of the organization's chunks into the shared approximate index; returns how many."""
    return len(database.tenant_once(organization_id, _MOVE_TO_INDEX, model=model, batch=batch))
