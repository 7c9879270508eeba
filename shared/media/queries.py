"""Every statement on the tables of media, for one organization."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.media.models import Asset, NewAsset, Transfer
from shared.media.retrying import ERROR_WINDOW_SECONDS, MOST_ERRORS
from shared.platform.database import TenantSession

# Locked until the end of the claim, so that two claims for one number see each other.
_LOCK_THROTTLE: Final = text("""
    INSERT INTO platform.media_throttles AS t (organization_id, connection_id)
    SELECT m.organization_id, m.connection_id FROM platform.media_transfers m
    WHERE m.organization_id = :organization_id AND m.id = :id
    ON CONFLICT (organization_id, connection_id) DO UPDATE SET error_times = ARRAY(
        SELECT e FROM unnest(t.error_times) e WHERE e > clock_timestamp() - make_interval(secs => :window))
    RETURNING cardinality(error_times), (SELECT min(e) FROM unnest(error_times) e) + make_interval(secs => :window)""")
_RUNNING: Final = text("""
    SELECT count(*) FROM platform.media_transfers r
    JOIN platform.media_transfers m USING (organization_id, connection_id)
    WHERE m.organization_id = :organization_id AND m.id = :id AND r.id <> m.id
      AND r.state = 'transferring' AND r.lease_until > clock_timestamp()""")
_LOOK: Final = text("""
    SELECT t.state, t.attempt, t.error_code, t.lease_until <= clock_timestamp() AS lease_over,
           t.next_attempt_at <= clock_timestamp() AS due, t.next_attempt_at,
           extract(epoch FROM clock_timestamp() - coalesce(m.platform_timestamp, t.created_at))::float8 AS age,
           t.message_id, t.connection_id, t.ordinal, t.kind, t.provider_media_id, t.url, t.declared_mime_type,
           t.declared_sha256, t.declared_size, t.file_name, t.voice,
           c.provider, c.access_token, c.status AS connection_status, m.deleted_at
    FROM platform.media_transfers t
    JOIN platform.messages m ON m.organization_id = t.organization_id AND m.id = t.message_id
    JOIN integrations.connections c ON c.organization_id = t.organization_id AND c.id = t.connection_id
    WHERE t.organization_id = :organization_id AND t.id = :id
    FOR NO KEY UPDATE OF t""")
_LEASE: Final = text("""
    UPDATE platform.media_transfers
    SET state = 'transferring', attempt = attempt + 1, lease_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE organization_id = :organization_id AND id = :id
    RETURNING attempt""")
_PUT_OFF: Final = text("""
    UPDATE platform.media_transfers SET state = 'pending', next_attempt_at = greatest(:at, clock_timestamp()),
        lease_until = NULL, error_code = :code
    WHERE organization_id = :organization_id AND id = :id RETURNING next_attempt_at""")
_AUDIT_LATER: Final = text("""
    INSERT INTO platform.media_audits AS a (organization_id, due_at)
    VALUES (:organization_id, clock_timestamp() + make_interval(secs => :seconds))
    ON CONFLICT (organization_id) DO UPDATE SET due_at = excluded.due_at WHERE a.due_at IS NULL""")
_KNOWN: Final = text("""
    SELECT id, storage_path, mime_type, file_size_bytes, generation, original_filename FROM platform.media_assets
    WHERE organization_id = :organization_id AND sha256 = :sha256 AND state = 'ready'""")
_KEEP: Final = text("""
    SELECT id FROM platform.media_assets
    WHERE organization_id = :organization_id AND id = :id AND state = 'ready' FOR SHARE""")
_HOLD: Final = text("""
    SELECT CASE WHEN m.deleted_at IS NULL THEN 'held' ELSE 'deleted' END
    FROM platform.media_transfers t
    JOIN platform.messages m ON m.organization_id = t.organization_id AND m.id = t.message_id
    WHERE t.organization_id = :organization_id AND t.id = :id AND t.state = 'transferring' AND t.attempt = :attempt
    FOR NO KEY UPDATE OF t, m""")
_ADD_ASSET: Final = text("""
    INSERT INTO platform.media_assets (
        id, organization_id, filename, original_filename, mime_type, file_size_bytes, storage_path, sha256, crc32c,
        generation)
    VALUES (:asset_id, :organization_id, :file_name, :original, :mime_type, :size, :path, :sha256, :crc32c, :generation)
    ON CONFLICT (organization_id, sha256) WHERE state = 'ready' DO NOTHING
    RETURNING id""")
_END: Final = text("""
    UPDATE platform.media_transfers
    SET state = :state, media_asset_id = :asset_id, lease_until = NULL, error_code = :code, error_detail = :detail
    WHERE organization_id = :organization_id AND id = :id""")
_RETRY: Final = text("""
    UPDATE platform.media_transfers
    SET state = 'pending', next_attempt_at = clock_timestamp() + make_interval(secs => :seconds), lease_until = NULL,
        error_code = :code, error_detail = :detail
    WHERE organization_id = :organization_id AND id = :id RETURNING next_attempt_at""")
_COUNT_ERROR: Final = text("""
    INSERT INTO platform.media_throttles AS t (organization_id, connection_id, error_times)
    VALUES (:organization_id, :connection_id, ARRAY[clock_timestamp()])
    ON CONFLICT (organization_id, connection_id) DO UPDATE
    SET error_times = (t.error_times || clock_timestamp())[greatest(1, cardinality(t.error_times) - 48):]""")
# Unless the token was replaced since the attempt began: then the refusal says nothing about the new one.
_TOKEN_IS_OVER: Final = text("""
    SELECT agents.mark_connection(c.organization_id, c.id, 'expired', :detail) FROM integrations.connections c
    WHERE c.organization_id = :organization_id AND c.id = :connection_id AND c.access_token = :sealed_token""")
# The message says what it has: always the whole list anew, so that a repetition changes nothing.
_TELL_MESSAGE: Final = text("""
    UPDATE platform.messages m
    SET media_urls = (
            SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'media_asset_id', a.id, 'ordinal', t.ordinal, 'kind', t.kind, 'mime_type', a.mime_type,
                'size', a.file_size_bytes, 'voice', nullif(t.voice, false), 'file_name', t.file_name))
                ORDER BY t.ordinal), '[]')
            FROM platform.media_transfers t
            JOIN platform.media_assets a ON a.organization_id = t.organization_id AND a.id = t.media_asset_id
            WHERE t.organization_id = m.organization_id AND t.message_id = m.id AND t.state = 'stored'
              AND a.state = 'ready'),
        metadata = jsonb_set(m.metadata, '{media_reading}',
            CASE jsonb_typeof(m.metadata -> 'media_reading')
                WHEN 'object' THEN m.metadata -> 'media_reading' ELSE '{}' END
            || CAST(:reading AS jsonb))
    WHERE m.organization_id = :organization_id AND m.id = :message_id""")
_ASSET: Final = text("""
    SELECT id, storage_path, mime_type, file_size_bytes, generation, original_filename FROM platform.media_assets
    WHERE organization_id = :organization_id AND id = :id AND state = 'ready'""")
_DATABASE_LIMIT: Final = 1000  # characters of the name that is shown


def lock_throttle(session: TenantSession, *, organization_id: UUID, transfer_id: UUID) -> tuple[int, datetime | None]:
    """How many errors of the transfer's connection count now, and when the oldest stops counting."""
    window = ERROR_WINDOW_SECONDS
    found = session.execute(_LOCK_THROTTLE, {"organization_id": organization_id, "id": transfer_id, "window": window})
    row = found.one_or_none()
    return (row[0], row[1]) if row is not None else (0, None)


def running_beside(session: TenantSession, *, organization_id: UUID, transfer_id: UUID) -> int:
    """How many other transfers of the same connection run now."""
    return int(session.execute(_RUNNING, {"organization_id": organization_id, "id": transfer_id}).scalar_one())


def lock_transfer(session: TenantSession, *, organization_id: UUID, transfer_id: UUID) -> Any | None:
    """The row with its connection, locked, or None when there is none."""
    return session.execute(_LOOK, {"organization_id": organization_id, "id": transfer_id}).one_or_none()


def lease(session: TenantSession, *, organization_id: UUID, transfer_id: UUID, seconds: float) -> int:
    """Begin an attempt and return its number."""
    parameters = {"organization_id": organization_id, "id": transfer_id, "seconds": seconds}
    return int(session.execute(_LEASE, parameters).scalar_one())


def put_off(session: TenantSession, *, organization_id: UUID, transfer_id: UUID, at: datetime, code: str) -> datetime:
    """Leave the transfer pending until `at`; no attempt is counted."""
    parameters = {"organization_id": organization_id, "id": transfer_id, "at": at, "code": code}
    moment: datetime = session.execute(_PUT_OFF, parameters).scalar_one()
    return moment


def plan_audit(session: TenantSession, *, organization_id: UUID, seconds: float) -> None:
    """Have the organization's objects compared with its rows in that time, unless that is planned already."""
    session.execute(_AUDIT_LATER, {"organization_id": organization_id, "seconds": seconds})


def find_by_hash(session: TenantSession, *, organization_id: UUID, sha256: str) -> Asset | None:
    """The asset that holds these bytes already."""
    row = session.execute(_KNOWN, {"organization_id": organization_id, "sha256": sha256}).one_or_none()
    return None if row is None else Asset(*row)


def keep_asset(session: TenantSession, *, organization_id: UUID, asset_id: UUID) -> bool:
    """Whether the asset is ready; nobody marks it as deleting before the transaction ends."""
    return session.execute(_KEEP, {"organization_id": organization_id, "id": asset_id}).one_or_none() is not None


def hold(session: TenantSession, transfer: Transfer) -> str:
    """Lock the transfer and its message: "held", "deleted" (the sender deleted the message), "lost" (not ours now)."""
    parameters = {"organization_id": transfer.organization_id, "id": transfer.id, "attempt": transfer.attempt}
    found: str | None = session.execute(_HOLD, parameters).scalar_one_or_none()
    return found or "lost"


def add_asset(session: TenantSession, *, organization_id: UUID, asset: NewAsset, file_name: str | None) -> UUID:
    """The row of these bytes: the new one, or the one that the organization has already."""
    while True:
        added = session.execute(
            _ADD_ASSET,
            {
                "asset_id": asset.id,
                "organization_id": organization_id,
                "file_name": str(asset.id),
                "original": file_name[:_DATABASE_LIMIT] if file_name else None,
                "mime_type": asset.mime_type[:200],
                "size": asset.stored.size,
                "path": asset.path,
                "sha256": asset.sha256,
                "crc32c": asset.stored.crc32c,
                "generation": asset.stored.generation,
            },
        ).scalar_one_or_none()
        if added is not None:
            return asset.id
        found = find_by_hash(session, organization_id=organization_id, sha256=asset.sha256)
        # else the other row was just marked as deleting, so that ours may be added now
        if found is not None and keep_asset(session, organization_id=organization_id, asset_id=found.id):
            return found.id


def end(
    session: TenantSession, transfer: Transfer, *, state: str, asset_id: UUID | None, failure: tuple[str, str] | None
) -> None:
    """The transfer's last state."""
    code, detail = failure or (None, None)
    session.execute(
        _END,
        {
            "organization_id": transfer.organization_id,
            "id": transfer.id,
            "state": state,
            "asset_id": asset_id,
            "code": code,
            "detail": detail,
        },
    )


def retry(session: TenantSession, transfer: Transfer, *, seconds: float, code: str, detail: str) -> datetime:
    """Leave the transfer to another attempt; returns when."""
    moment: datetime = session.execute(
        _RETRY,
        {
            "organization_id": transfer.organization_id,
            "id": transfer.id,
            "seconds": seconds,
            "code": code,
            "detail": detail,
        },
    ).scalar_one()
    return moment


def count_error(session: TenantSession, transfer: Transfer) -> None:
    """Remember that the provider counts an error of this connection."""
    session.execute(
        _COUNT_ERROR, {"organization_id": transfer.organization_id, "connection_id": transfer.connection_id}
    )


def report_token_over(session: TenantSession, transfer: Transfer, *, detail: str) -> None:
    """Stop the connection's sends until a person connects the account again, as a refused send does."""
    parameters = {
        "organization_id": transfer.organization_id,
        "connection_id": transfer.connection_id,
        "sealed_token": transfer.sealed_token,
        "detail": detail,
    }
    session.execute(_TOKEN_IS_OVER, parameters)


def tell_message(session: TenantSession, *, organization_id: UUID, message_id: UUID, reading: str) -> None:
    """Write into the message which media it has, and what was read of one (a JSON object by ordinal)."""
    session.execute(_TELL_MESSAGE, {"organization_id": organization_id, "message_id": message_id, "reading": reading})


def find_asset(session: TenantSession, *, organization_id: UUID, asset_id: UUID) -> Asset | None:
    """The asset, if it is this organization's and ready."""
    row = session.execute(_ASSET, {"organization_id": organization_id, "id": asset_id}).one_or_none()
    return None if row is None else Asset(*row)


def may_begin(errors: int, running: int) -> bool:
    """Whether one more attempt, should it fail like all that run, stays within what the provider allows."""
    return errors + running < MOST_ERRORS
