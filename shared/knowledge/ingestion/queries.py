"""Every statement on platform.knowledge_ingestions, for one organization."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.kit.ids import new_id
from shared.knowledge.ingestion.models import Ingestion
from shared.platform.database import TenantSession

_ADD: Final = text("""
    INSERT INTO platform.knowledge_ingestions (
        id, organization_id, kind, source_path, object_name, content_type, embedding_model, next_attempt_at)
    VALUES (:id, :organization_id, :kind, :source_path, :object_name, :content_type, :embedding_model,
            clock_timestamp() + make_interval(secs => :delay))
    ON CONFLICT (organization_id) WHERE kind = 'reembedding' AND state IN ('pending', 'running') DO NOTHING
    RETURNING id""")
_LOOK: Final = text("""
    SELECT kind, state, attempt, failures, source_path, object_name, content_type, embedding_model, error_code,
           lease_until <= clock_timestamp() AS lease_over, next_attempt_at <= clock_timestamp() AS due, next_attempt_at
    FROM platform.knowledge_ingestions WHERE organization_id = :organization_id AND id = :id
    FOR NO KEY UPDATE""")
_LEASE: Final = text("""
    UPDATE platform.knowledge_ingestions
    SET state = 'running', attempt = attempt + 1, lease_until = clock_timestamp() + make_interval(secs => :seconds),
        error_code = NULL, error_detail = NULL
    WHERE organization_id = :organization_id AND id = :id RETURNING attempt""")
_HOLD: Final = text("""
    SELECT 1 FROM platform.knowledge_ingestions
    WHERE organization_id = :organization_id AND id = :id AND state = 'running' AND attempt = :attempt
    FOR NO KEY UPDATE""")
_PROGRESS: Final = text("""
    UPDATE platform.knowledge_ingestions SET done_count = :done, total_count = :total, failures = 0,
        lease_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE organization_id = :organization_id AND id = :id AND state = 'running' AND attempt = :attempt RETURNING 1""")
_END: Final = text("""
    UPDATE platform.knowledge_ingestions
    SET state = :state, lease_until = NULL, error_code = :code, error_detail = :detail,
        knowledge_id = coalesce(:knowledge_id, knowledge_id),
        done_count = coalesce(:chunks, done_count), total_count = coalesce(:chunks, total_count)
    WHERE organization_id = :organization_id AND id = :id""")
_AGAIN: Final = text("""
    UPDATE platform.knowledge_ingestions
    SET state = 'pending', next_attempt_at = clock_timestamp() + make_interval(secs => :seconds), lease_until = NULL,
        error_code = :code, error_detail = :detail, failures = CASE WHEN :progressed THEN 0 ELSE failures + 1 END
    WHERE organization_id = :organization_id AND id = :id RETURNING next_attempt_at""")
_DUE: Final = text("""
    UPDATE platform.knowledge_ingestions SET next_attempt_at = clock_timestamp()
    WHERE organization_id = :organization_id AND id = :id AND state = 'pending'""")
_CANCEL: Final = text("""
    UPDATE platform.knowledge_ingestions
    SET state = 'refused', lease_until = NULL, error_code = 'source_deleted', error_detail = 'its source was deleted'
    WHERE organization_id = :organization_id AND source_path = :source_path AND state IN ('pending', 'running')
    RETURNING object_name""")
_DETAIL_LIMIT: Final = 2000


def add(  # noqa: PLR0913 - the columns of a row
    session: TenantSession,
    organization_id: UUID,
    *,
    kind: str,
    ingestion_id: UUID | None = None,
    source_path: str | None = None,
    object_name: str | None = None,
    content_type: str | None = None,
    embedding_model: str | None = None,
    delay: float = 0.0,
) -> UUID | None:
    """Add one piece of work, due in `delay` seconds; None when the organization is being re-embedded already."""
    added: UUID | None = session.execute(
        _ADD,
        {
            "id": ingestion_id or new_id(),
            "organization_id": organization_id,
            "kind": kind,
            "source_path": source_path,
            "object_name": object_name,
            "content_type": content_type[:_DETAIL_LIMIT] if content_type else None,
            "embedding_model": embedding_model,
            "delay": delay,
        },
    ).scalar_one_or_none()
    return added


def look(session: TenantSession, organization_id: UUID, ingestion_id: UUID) -> Any | None:
    """The row, locked, or None when there is none."""
    return session.execute(_LOOK, {"organization_id": organization_id, "id": ingestion_id}).one_or_none()


def lease(session: TenantSession, organization_id: UUID, ingestion_id: UUID, *, seconds: float) -> int:
    """Begin an attempt and return its number."""
    parameters = {"organization_id": organization_id, "id": ingestion_id, "seconds": seconds}
    return int(session.execute(_LEASE, parameters).scalar_one())


def hold(session: TenantSession, ingestion: Ingestion) -> bool:
    """Lock the row; False when it is not this attempt's any more."""
    return session.execute(_HOLD, _key(ingestion)).one_or_none() is not None


def note_progress(session: TenantSession, ingestion: Ingestion, *, done: int, total: int, lease_seconds: float) -> bool:
    """Write how far it is and keep the lease; False when it is not this attempt's any more."""
    parameters = {**_key(ingestion), "done": done, "total": total, "seconds": lease_seconds}
    return session.execute(_PROGRESS, parameters).one_or_none() is not None


def end(  # noqa: PLR0913 - the columns of a row
    session: TenantSession,
    ingestion: Ingestion,
    *,
    state: str,
    failure: tuple[str, str] | None = None,
    knowledge_id: UUID | None = None,
    chunks: int | None = None,
) -> None:
    """The row's last state."""
    code, detail = failure or (None, None)
    session.execute(
        _END,
        {
            "organization_id": ingestion.organization_id,
            "id": ingestion.id,
            "state": state,
            "code": code,
            "detail": detail[:_DETAIL_LIMIT] if detail else None,
            "knowledge_id": knowledge_id,
            "chunks": chunks,
        },
    )


def again(
    session: TenantSession, ingestion: Ingestion, *, seconds: float, failure: tuple[str, str] | None, progressed: bool
) -> datetime:
    """Leave the rest to another attempt, and return when; after progress the failures are counted anew."""
    code, detail = failure or (None, None)
    moment: datetime = session.execute(
        _AGAIN,
        {
            "organization_id": ingestion.organization_id,
            "id": ingestion.id,
            "seconds": seconds,
            "code": code,
            "detail": detail[:_DETAIL_LIMIT] if detail else None,
            "progressed": progressed,
        },
    ).scalar_one()
    return moment


def make_due(session: TenantSession, organization_id: UUID, ingestion_id: UUID) -> None:
    """Have it done now."""
    session.execute(_DUE, {"organization_id": organization_id, "id": ingestion_id})


def cancel(session: TenantSession, organization_id: UUID, *, source_path: str) -> list[str]:
    """End all work that would bring this source (back) in; returns the objects of its uploads."""
    parameters = {"organization_id": organization_id, "source_path": source_path}
    return [name for name in session.execute(_CANCEL, parameters).scalars() if name is not None]


def _key(ingestion: Ingestion) -> dict[str, Any]:
    return {"organization_id": ingestion.organization_id, "id": ingestion.id, "attempt": ingestion.attempt}
