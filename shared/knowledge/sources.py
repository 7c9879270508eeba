"""An organization's sources: what is known of each, its versions, going back to one, and taking one out for good."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.kit.errors import Rejected
from shared.knowledge import queries
from shared.knowledge.embedding import Embedder
from shared.knowledge.ingestion import queries as ingestions
from shared.knowledge.models import Entry
from shared.knowledge.writing import chunk_rows, index_if_large, write_entry
from shared.platform.database import Database

_LIST: Final = """
    SELECT coalesce(nullif(entry.source_path, ''), entry.id::text) AS name,
           entry.title, entry.content_type, entry.version, entry.status, entry.valid_until,
           entry.reviewed_at, entry.updated_at, entry.access_count, entry.effectiveness_score, entry.last_accessed_at,
           (SELECT count(*) FROM platform.knowledge_chunks AS chunk
            WHERE chunk.organization_id = entry.organization_id AND chunk.knowledge_id = entry.id) AS chunks
    FROM platform.knowledge_base AS entry
    WHERE entry.status = 'active' ORDER BY name"""
_HISTORY: Final = """
    SELECT id, version, status, title, created_at, valid_until, octet_length(content) AS bytes
    FROM platform.knowledge_base WHERE source_path = :path ORDER BY created_at DESC, version DESC"""
_VERSION: Final = """
    SELECT title, content, content_type, category, tags, valid_until, source_path, source_digest, source_object
    FROM platform.knowledge_base WHERE source_path = :path AND version = :version ORDER BY created_at DESC LIMIT 1"""
_LOCK_ALL: Final = text("""
    SELECT id, source_object FROM platform.knowledge_base
    WHERE organization_id = :organization_id AND (source_path = :path OR id IN (
        WITH RECURSIVE version AS (  -- an entry that has no source, and what it replaced
            SELECT first.id, first.parent_id FROM platform.knowledge_base AS first
            WHERE first.organization_id = :organization_id AND first.id::text = :path
              AND nullif(first.source_path, '') IS NULL
            UNION
            SELECT former.id, former.parent_id FROM version JOIN platform.knowledge_base AS former
                ON former.organization_id = :organization_id AND former.id = version.parent_id
               AND nullif(former.source_path, '') IS NULL)
        SELECT version.id FROM version))
    FOR UPDATE""")
_DELETE: Final = text("""
    DELETE FROM platform.knowledge_base WHERE organization_id = :organization_id AND id = ANY (CAST(:ids AS uuid[]))""")
_AUDIT: Final = text("""
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, metadata)
    VALUES (:organization_id, :action, 'knowledge', CAST(:metadata AS jsonb))""")


@dataclass(frozen=True, slots=True)
class Source:
    """One source in use, or an entry without one by its id.

    `effectiveness` is 0 to 1, 0.5 for what nobody used; `chunks` are those that are searched.
    """

    path: str
    title: str
    content_type: str
    version: int
    valid_until: datetime | None
    reviewed_at: datetime | None
    updated_at: datetime
    uses: int
    effectiveness: float
    last_used_at: datetime | None
    chunks: int


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a source; only that with the status 'active' is used."""

    id: UUID
    version: int
    status: str
    title: str
    created_at: datetime
    valid_until: datetime | None
    bytes: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """What went with a source, and how many objects are being deleted."""

    versions: int
    objects: int


def list_sources(database: Database, organization_id: UUID) -> list[Source]:
    """All sources in use, by path."""
    return [
        Source(
            path=row.name,
            title=row.title,
            content_type=row.content_type,
            version=row.version,
            valid_until=row.valid_until,
            reviewed_at=row.reviewed_at,
            updated_at=row.updated_at,
            uses=row.access_count,
            effectiveness=float(row.effectiveness_score or 0.5),
            last_used_at=row.last_accessed_at,
            chunks=row.chunks,
        )
        for row in database.tenant_once(organization_id, _LIST)
    ]


def history(database: Database, organization_id: UUID, *, path: str) -> list[Version]:
    """A source's versions, the newest first. Raises Rejected `source_unknown`."""
    rows = database.tenant_once(organization_id, _HISTORY, path=path)
    if not rows:
        raise _unknown(path)
    return [
        Version(row.id, row.version, row.status, row.title, row.created_at, row.valid_until, row.bytes) for row in rows
    ]


def bring_back(database: Database, organization_id: UUID, *, path: str, version: int, embedder: Embedder) -> int:
    """Use an older version's text again, as a new version; returns its number.

    Raises Rejected `source_unknown`, `version_unknown`, `version_in_use`, `other_embedding_model`, Unavailable.
    """
    versions = history(database, organization_id, path=path)
    if not any(each.version == version for each in versions):
        raise Rejected("version_unknown", f"{path} has no version {version}")
    if any(each.version == version and each.status == "active" for each in versions):
        raise Rejected("version_in_use", f"version {version} of {path} is the one in use")
    row = database.tenant_once(organization_id, _VERSION, path=path, version=version)[0]
    entry = Entry(
        title=row.title,
        content=row.content,
        content_type=row.content_type,
        category=row.category,
        tags=tuple(row.tags),
        valid_until=row.valid_until,
        source_path=row.source_path,
        source_digest=row.source_digest,
        source_object=row.source_object,
    )
    rows = chunk_rows(entry, embedder)

    def write() -> int:
        with database.tenant(organization_id) as session:
            former = queries.lock_active(session, source_path=path)
            newest = max(each.version for each in versions)
            write_entry(session, organization_id, entry, rows, former=former, model=embedder.model, version=newest + 1)
            session.execute(_AUDIT, _act(organization_id, "knowledge.brought_back", path=path, version=version))
        return newest + 1

    number = database.retrying(write)
    index_if_large(database, organization_id, model=embedder.model)
    return number


def delete_source(database: Database, organization_id: UUID, *, path: str) -> Deleted:
    """Take a source, or by its id an entry without one, out for good: all versions, chunks, vectors, words, drafts.

    One transaction. Its objects are deleted by tracked work, and work that would bring it back in is ended. Raises
    Rejected `source_unknown`.
    """

    def delete() -> Deleted:
        with database.tenant(organization_id) as session:
            rows = session.execute(_LOCK_ALL, {"organization_id": organization_id, "path": path}).all()
            cancelled = ingestions.cancel(session, organization_id, source_path=path)
            if not rows and not cancelled:
                raise _unknown(path)
            # chunks, with their vectors and words, vectors that wait, and drafts go by their foreign keys
            session.execute(_DELETE, {"organization_id": organization_id, "ids": [row.id for row in rows]})
            objects = {row.source_object for row in rows if row.source_object} | set(cancelled)
            for name in sorted(objects):
                ingestions.add(session, organization_id, kind="deletion", object_name=name)
            session.execute(_AUDIT, _act(organization_id, "knowledge.deleted", path=path, versions=len(rows)))
            return Deleted(len(rows), len(objects))

    return database.retrying(delete)


def _act(organization_id: UUID, action: str, **facts: object) -> dict[str, Any]:
    return {"organization_id": organization_id, "action": action, "metadata": json.dumps(facts)}


def _unknown(path: str) -> Rejected:
    return Rejected("source_unknown", f"nothing is known from {path}")
