"""All chunks of an organization get another model's vectors: a batch at a time, resumed where it stopped.

The new vectors wait in platform.knowledge_staged_vectors, which no search reads: the old ones serve until one
transaction has moved all of them. Documents that come in meanwhile get the old model's vectors, and are found by the
pass that must find nothing left before the switch.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.knowledge.embedders import Embedders
from shared.knowledge.embedding import Vectors
from shared.knowledge.embedding_calls import accounted
from shared.knowledge.ingestion import queries
from shared.knowledge.ingestion.models import Ingestion, IngestionReport
from shared.knowledge.ingestion.retrying import Failed
from shared.knowledge.writing import embedded_text, index_if_large, stored_form
from shared.platform.database import Database, TenantSession
from shared.usage.models import SpendingLimitReached

PART_SECONDS: Final = 60.0  # of one run: half the function's time, so that a slow batch and the switch fit as well
BATCH: Final = 100  # chunks embedded and staged together: what the models' APIs take, and 600 kB of vectors
SWITCHED_AT_ONCE: Final = 500  # chunks per statement of the switch: 0.1 s, far below the statements' limit

_COUNTS: Final = text("""
    SELECT count(*) AS all_chunks, count(staged.ordinal) AS staged
    FROM platform.knowledge_chunks AS chunk
    LEFT JOIN platform.knowledge_staged_vectors AS staged
        ON staged.organization_id = chunk.organization_id AND staged.knowledge_id = chunk.knowledge_id
       AND staged.ordinal = chunk.ordinal AND staged.embedding_model = :model
    WHERE chunk.embedding_model IS DISTINCT FROM :model""")
_MISSING: Final = """
    SELECT chunk.knowledge_id, chunk.ordinal, chunk.heading, chunk.content
    FROM platform.knowledge_chunks AS chunk
    WHERE chunk.embedding_model IS DISTINCT FROM :model
      AND (chunk.knowledge_id, chunk.ordinal) > (CAST(:knowledge_id AS uuid), CAST(:ordinal AS integer))
      AND NOT EXISTS (SELECT FROM platform.knowledge_staged_vectors AS staged
                      WHERE staged.organization_id = chunk.organization_id AND staged.knowledge_id = chunk.knowledge_id
                        AND staged.ordinal = chunk.ordinal AND staged.embedding_model = :model)
    ORDER BY chunk.organization_id, chunk.knowledge_id, chunk.ordinal LIMIT :batch"""
# A chunk whose document was replaced meanwhile is gone, and its vector with it.
_STAGE: Final = text("""
    INSERT INTO platform.knowledge_staged_vectors (organization_id, knowledge_id, ordinal, embedding_model, embedding)
    SELECT chunk.organization_id, chunk.knowledge_id, chunk.ordinal, :model, CAST(given.embedding AS public.vector)
    FROM unnest(CAST(:knowledge_ids AS uuid[]), CAST(:ordinals AS integer[]), CAST(:embeddings AS text[]))
         AS given (knowledge_id, ordinal, embedding)
    JOIN platform.knowledge_chunks AS chunk
        ON chunk.knowledge_id = given.knowledge_id AND chunk.ordinal = given.ordinal
    WHERE chunk.organization_id = :organization_id
    FOR KEY SHARE OF chunk
    ON CONFLICT (organization_id, knowledge_id, ordinal)
        DO UPDATE SET embedding_model = excluded.embedding_model, embedding = excluded.embedding""")
_LOCK_SETTINGS: Final = text("SELECT embedding_model FROM platform.knowledge_settings FOR UPDATE")
_SWITCH: Final = text("""
    WITH part AS (
        SELECT knowledge_id, ordinal FROM platform.knowledge_staged_vectors
        WHERE organization_id = :organization_id AND embedding_model = :model LIMIT :batch
    ), moved AS (
        DELETE FROM platform.knowledge_staged_vectors AS staged USING part
        WHERE staged.organization_id = :organization_id AND staged.knowledge_id = part.knowledge_id
          AND staged.ordinal = part.ordinal
        RETURNING staged.knowledge_id, staged.ordinal, staged.embedding_model, staged.embedding
    ), switched AS (
        UPDATE platform.knowledge_chunks AS chunk
        SET embedding = moved.embedding, embedding_model = moved.embedding_model, ann_indexed = false
        FROM moved
        WHERE chunk.organization_id = :organization_id AND chunk.knowledge_id = moved.knowledge_id
          AND chunk.ordinal = moved.ordinal
        RETURNING 1
    )
    SELECT count(*) FROM switched""")
_SET_MODEL: Final = text("""
    UPDATE platform.knowledge_settings SET embedding_model = :model WHERE organization_id = :organization_id""")
_START: Final[tuple[UUID, int]] = (UUID(int=0), -1)


def request_reembedding(database: Database, embedders: Embedders, organization_id: UUID, *, model: str) -> UUID:
    """Have all of the organization's chunks embedded by `model`; returns the work's id.

    Raises Rejected `embedding_model_unknown`, `embedding_not_configured`, `same_embedding_model`, `reembedding_runs`.
    """
    embedders.for_documents(model)  # says why it cannot be used
    with database.tenant(organization_id) as session:
        held = session.execute(_LOCK_SETTINGS).scalar_one_or_none()
        if held is None or held == model:
            raise Rejected("same_embedding_model", f"all of its vectors are of {held or model} already")
        added = queries.add(session, organization_id, kind="reembedding", embedding_model=model)
        if added is None:
            raise Rejected("reembedding_runs", "another re-embedding of this organization is not finished yet")
        return added


def reembed(  # noqa: PLR0913 -- all but the first three are options
    database: Database,
    embedders: Embedders,
    ingestion: Ingestion,
    *,
    lease_seconds: float,
    part_seconds: float = PART_SECONDS,
    progress: Callable[[int, int], None] | None = None,
) -> IngestionReport:
    """Embed for at most `part_seconds`, and switch when nothing is left. Raises Failed, Rejected, Unavailable."""
    model = ingestion.embedding_model or ""
    embedders.for_documents(model)  # says why it cannot be used
    ends_at = time.monotonic() + part_seconds
    with database.tenant(ingestion.organization_id) as session:
        counts = session.execute(_COUNTS, {"model": model}).one()
    total, done, after = counts.all_chunks, counts.staged, _START
    while True:
        rows = _missing(database, ingestion.organization_id, model=model, after=after)
        if rows:
            vectors = _embed(database, embedders, ingestion, rows)
            done += len(rows)
            total = max(total, done)
            if not _stage(database, ingestion, rows, vectors, progress=(done, total, lease_seconds)):
                return IngestionReport("lost")
            crash_point("knowledge-staged")
            if progress is not None:
                progress(done, total)
            after = (rows[-1].knowledge_id, rows[-1].ordinal)
        elif after != _START:
            after = _START  # what came in behind the pass
        elif (report := _switch(database, ingestion, total=total)) is not None:
            crash_point("knowledge-switched")
            index_if_large(database, ingestion.organization_id, model=model)
            return report
        if time.monotonic() > ends_at:
            return _leave(database, ingestion)


def _missing(database: Database, organization_id: UUID, *, model: str, after: tuple[UUID, int]) -> Sequence[Row[Any]]:
    return database.tenant_once(
        organization_id, _MISSING, model=model, knowledge_id=after[0], ordinal=after[1], batch=BATCH
    )


def _embed(database: Database, embedders: Embedders, ingestion: Ingestion, rows: Sequence[Row[Any]]) -> Vectors:
    with accounted(database, ingestion.organization_id, work_id=ingestion.id) as ledger:
        embedder = embedders.for_documents(ingestion.embedding_model or "", ledger=ledger)
        try:
            return embedder.embed([embedded_text(row.heading or "", row.content) for row in rows])
        except SpendingLimitReached:
            raise Failed("spending_limit", "the organization's spending limit is reached") from None
        except Unavailable as away:
            raise Failed("embedding_away", away.message) from away


def _stage(
    database: Database,
    ingestion: Ingestion,
    rows: Sequence[Row[Any]],
    vectors: Vectors,
    *,
    progress: tuple[int, int, float],
) -> bool:
    done, total, lease_seconds = progress

    def write() -> bool:
        with database.tenant(ingestion.organization_id) as session:
            if not queries.note_progress(session, ingestion, done=done, total=total, lease_seconds=lease_seconds):
                return False
            session.execute(
                _STAGE,
                {
                    "organization_id": ingestion.organization_id,
                    "model": ingestion.embedding_model,
                    "knowledge_ids": [row.knowledge_id for row in rows],
                    "ordinals": [row.ordinal for row in rows],
                    "embeddings": [stored_form(vector) for vector in vectors],
                },
            )
            return True

    return database.retrying(write)


def _switch(database: Database, ingestion: Ingestion, *, total: int) -> IngestionReport | None:
    """Move all vectors at once; None when a chunk came in that has none yet."""

    def write() -> IngestionReport | None:
        with database.tenant(ingestion.organization_id) as session:
            if not queries.hold(session, ingestion):
                return IngestionReport("lost")
            session.execute(_LOCK_SETTINGS)  # waits for who is writing chunks, and makes who comes wait
            counts = session.execute(_COUNTS, {"model": ingestion.embedding_model}).one()
            if counts.all_chunks != counts.staged:
                return None
            _move_all(session, ingestion)
            queries.end(session, ingestion, state="done", chunks=total)
            crash_point("knowledge-switching")
            return IngestionReport("done", chunks=total)

    return database.retrying(write)


def _move_all(session: TenantSession, ingestion: Ingestion) -> None:
    parameters = {"organization_id": ingestion.organization_id, "model": ingestion.embedding_model}
    while session.execute(_SWITCH, {**parameters, "batch": SWITCHED_AT_ONCE}).scalar_one():
        pass
    session.execute(_SET_MODEL, parameters)


def _leave(database: Database, ingestion: Ingestion) -> IngestionReport:
    """The rest is for the next run, at once."""
    with database.tenant(ingestion.organization_id) as session:
        if not queries.hold(session, ingestion):
            return IngestionReport("lost")
        at = queries.again(session, ingestion, seconds=0.0, failure=None, progressed=True)
    return IngestionReport("pending", "more", next_at=at)
