"""One run of one piece of work: claim, read, embed, record. Killed anywhere, it is done again, and counts once.

No transaction is open while a site, the storage or a model works. What a run makes is recorded together with its end,
in one transaction that holds the row: an older attempt finds the row taken and writes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.knowledge import queries as knowledge
from shared.knowledge.articles import read_article
from shared.knowledge.documents.reading import DocumentReader
from shared.knowledge.embedders import Embedders
from shared.knowledge.embedding_calls import accounted
from shared.knowledge.ingestion import queries
from shared.knowledge.ingestion.models import Ingestion, IngestionReport
from shared.knowledge.ingestion.pages import Pages
from shared.knowledge.ingestion.reembedding import reembed
from shared.knowledge.ingestion.retrying import MOST_LOST, Failed, pause_before_next
from shared.knowledge.models import ChunkRow, Entry
from shared.knowledge.writing import Rival, chunk_rows, index_if_large, write_entry
from shared.platform.database import Database, TenantSession
from shared.platform.storage import Storage
from shared.usage.models import SpendingLimitReached

LEASE_SECONDS: Final = 150.0  # above the queue's dispatch deadline of 130, so that two never work on one


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with. `storage` None: uploads and deletions are left to who has one."""

    database: Database
    embedders: Embedders
    pages: Pages
    storage: Storage | None
    bucket: str
    progress: Callable[[int, int], None] | None = None
    """Told the chunks that are re-embedded and all of them, for who watches."""


def run_ingestion(means: Means, *, organization_id: UUID, ingestion_id: UUID) -> IngestionReport:
    """Do what is due for one piece of work. Raises Unavailable when the database is away."""
    claimed = means.database.retrying(lambda: _claim(means.database, organization_id, ingestion_id))
    crash_point("knowledge-claimed")
    if isinstance(claimed, IngestionReport):
        return claimed
    try:
        report = _work(means, claimed)
    except Failed as failure:
        failed = failure
    except Rejected as refusal:
        failed = Failed(refusal.code, refusal.message)
    else:
        crash_point("knowledge-recorded")
        return report
    return means.database.retrying(lambda: _record_failure(means.database, claimed, failed))


def _claim(database: Database, organization_id: UUID, ingestion_id: UUID) -> Ingestion | IngestionReport:
    """The work with a lease, or what became of it instead."""
    with database.tenant(organization_id) as session:
        row = queries.look(session, organization_id, ingestion_id)
        if row is None:
            return IngestionReport("gone")
        if row.state == "pending" and not row.due:
            return IngestionReport("pending", row.error_code, next_at=row.next_attempt_at)
        if row.state not in ("pending", "running") or (row.state == "running" and not row.lease_over):
            return IngestionReport("idle")
        ingestion = Ingestion(
            organization_id=organization_id,
            id=ingestion_id,
            kind=row.kind,
            attempt=row.attempt,
            failures=row.failures,
            source_path=row.source_path,
            object_name=row.object_name,
            content_type=row.content_type,
            embedding_model=row.embedding_model,
        )
        if row.error_code == "worker_lost" and row.failures >= MOST_LOST and row.kind != "deletion":
            lost = Failed("worker_lost", f"{row.failures} attempts in turn lost their worker")
            return _give_up(session, ingestion, lost)
        attempt = queries.lease(session, organization_id, ingestion_id, seconds=LEASE_SECONDS)
        return replace(ingestion, attempt=attempt)


def _work(means: Means, ingestion: Ingestion) -> IngestionReport:
    if ingestion.kind == "reembedding":
        return reembed(means.database, means.embedders, ingestion, lease_seconds=LEASE_SECONDS, progress=means.progress)
    if ingestion.kind == "deletion":
        return _delete_object(means, ingestion)
    raw, content_type = _fetched(means, ingestion)
    crash_point("knowledge-fetched")
    return _ingest(means, ingestion, raw, content_type)


def _fetched(means: Means, ingestion: Ingestion) -> tuple[bytes, str | None]:
    """The document's bytes, and the type that was declared for them."""
    if ingestion.kind == "url":
        page = means.pages.fetch(ingestion.source_path or "")
        return page.raw, page.content_type
    try:
        return _storage(means).get(means.bucket, ingestion.object_name or ""), ingestion.content_type
    except Rejected:
        raise Failed("upload_incomplete", "the upload's bytes did not arrive; upload it again") from None
    except Unavailable as away:
        raise Failed("storage_away", away.message) from away


def _ingest(means: Means, ingestion: Ingestion, raw: bytes, content_type: str | None) -> IngestionReport:
    with DocumentReader() as reader:
        entry = read_article(raw, path=ingestion.source_path or "", reader=reader, content_type=content_type)
    entry = replace(entry, source_object=ingestion.object_name)
    model = means.embedders.model_of(means.database, ingestion.organization_id, fresh=True)
    rows = _embedded(means, ingestion, entry, model=model)
    crash_point("knowledge-embedded")
    try:
        report = means.database.retrying(lambda: _record(means.database, ingestion, entry, rows, model=model))
    except Rival as rival:
        raise Failed("rival", rival.message) from rival
    index_if_large(means.database, ingestion.organization_id, model=model)
    return report


def _embedded(means: Means, ingestion: Ingestion, entry: Entry, *, model: str) -> list[ChunkRow]:
    with accounted(means.database, ingestion.organization_id, work_id=ingestion.id) as ledger:
        try:
            return chunk_rows(entry, means.embedders.for_documents(model, ledger=ledger))
        except SpendingLimitReached:
            raise Failed("spending_limit", "the organization's spending limit is reached") from None
        except Unavailable as away:
            raise Failed("embedding_away", away.message) from away


def _record(
    database: Database, ingestion: Ingestion, entry: Entry, rows: list[ChunkRow], *, model: str
) -> IngestionReport:
    """The entry and the end of its work in one transaction."""
    organization_id = ingestion.organization_id
    with database.tenant(organization_id) as session:
        if not queries.hold(session, ingestion):
            return IngestionReport("lost")
        former = knowledge.lock_active(session, source_path=entry.source_path)
        if former is not None and former.source_digest == entry.source_digest:
            queries.end(session, ingestion, state="done", knowledge_id=former.id, chunks=0)
            _drop_object(session, ingestion)
            return IngestionReport("done", "unchanged")
        entry_id = write_entry(session, organization_id, entry, rows, former=former, model=model)
        queries.end(session, ingestion, state="done", knowledge_id=entry_id, chunks=len(rows))
        crash_point("knowledge-written")
        return IngestionReport("done", chunks=len(rows))


def _delete_object(means: Means, ingestion: Ingestion) -> IngestionReport:
    """Delete an object, unless an entry still has it (one that was brought back from it, for example)."""
    name = ingestion.object_name or ""
    with means.database.tenant(ingestion.organization_id) as session:
        is_used = knowledge.has_object(session, name)
    if not is_used:
        try:
            _storage(means).delete(means.bucket, name)
        except Unavailable as away:
            raise Failed("storage_away", away.message) from away
    crash_point("knowledge-object-deleted")
    with means.database.tenant(ingestion.organization_id) as session:
        if not queries.hold(session, ingestion):
            return IngestionReport("lost")
        queries.end(session, ingestion, state="done")
    return IngestionReport("done", "still_used" if is_used else None)


def _record_failure(database: Database, ingestion: Ingestion, failed: Failed) -> IngestionReport:
    with database.tenant(ingestion.organization_id) as session:
        if not queries.hold(session, ingestion):
            return IngestionReport("lost", failed.code)
        pause = pause_before_next(failed, failures=ingestion.failures, endless=ingestion.kind == "deletion")
        if pause is None:
            return _give_up(session, ingestion, failed)
        failure = (failed.code, failed.detail)
        at = queries.again(session, ingestion, seconds=pause, failure=failure, progressed=False)
        return IngestionReport("pending", failed.code, next_at=at)


def _give_up(session: TenantSession, ingestion: Ingestion, failed: Failed) -> IngestionReport:
    """End the work without an entry; the source's last good version stays in use."""
    state = failed.rule.then
    queries.end(session, ingestion, state=state, failure=(failed.code, failed.detail))
    _drop_object(session, ingestion)
    return IngestionReport(state, failed.code)


def _drop_object(session: TenantSession, ingestion: Ingestion) -> None:
    """Have the bytes of an upload deleted that no entry has."""
    if ingestion.kind == "upload" and ingestion.object_name is not None:
        queries.add(session, ingestion.organization_id, kind="deletion", object_name=ingestion.object_name)


def _storage(means: Means) -> Storage:
    if means.storage is None:
        raise Failed("storage_away", "this process has no storage")
    return means.storage
