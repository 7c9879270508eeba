"""Whether a transfer may be tried now, and its lease: one transaction, in which everything is locked that decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shared.media import queries
from shared.media.models import Asset, Transfer, TransferReport
from shared.media.reading import Reading
from shared.media.retrying import MOST_LOST, USABLE_SECONDS, Failed
from shared.media.storing import digest_of
from shared.platform.database import Database, TenantSession

LEASE_SECONDS: Final = 150.0  # above the queue's dispatch deadline of 130, so that two never work on one
# Objects and rows are compared a day after something was written.
AUDIT_AFTER_SECONDS: Final = 86_400.0
_BESIDE_SECONDS: Final = 2.0  # until one of those that run now has ended


def claim(database: Database, *, organization_id: UUID, transfer_id: UUID) -> Transfer | TransferReport:
    """The transfer with a lease, or what became of it instead."""
    with database.tenant(organization_id) as session:
        errors, free_at = queries.lock_throttle(session, organization_id=organization_id, transfer_id=transfer_id)
        row = queries.lock_transfer(session, organization_id=organization_id, transfer_id=transfer_id)
        if row is None:
            return TransferReport("gone")
        if row.state == "pending" and not row.due:
            return TransferReport("pending", row.error_code, next_at=row.next_attempt_at)
        if row.state not in ("pending", "transferring") or (row.state == "transferring" and not row.lease_over):
            return TransferReport("idle")
        transfer = _transfer(row, organization_id=organization_id, transfer_id=transfer_id, session=session)
        given_up = _given_up(row)
        if given_up is not None:
            return give_up(session, transfer, given_up)
        if transfer.provider_media_id is not None and transfer.known is None:
            beside = queries.running_beside(session, organization_id=organization_id, transfer_id=transfer_id)
            if not queries.may_begin(errors, beside):
                return _put_off(session, transfer, free_at=free_at if queries.may_begin(0, beside) else None)
        attempt = queries.lease(
            session, organization_id=organization_id, transfer_id=transfer_id, seconds=LEASE_SECONDS
        )
        queries.plan_audit(session, organization_id=organization_id, seconds=AUDIT_AFTER_SECONDS)
        return replace(transfer, attempt=attempt)


def give_up(session: TenantSession, transfer: Transfer, failed: Failed) -> TransferReport:
    """End the transfer without a medium, and say so in its message."""
    state = failed.rule.then
    queries.end(session, transfer, state=state, asset_id=None, failure=(failed.code, failed.detail))
    queries.tell_message(
        session,
        organization_id=transfer.organization_id,
        message_id=transfer.message_id,
        reading=Reading(unread=state, detail=failed.code).as_marker(transfer.ordinal),
    )
    return TransferReport(state, failed.code)


def message_deleted() -> Failed:
    """What its sender took back is not kept."""
    return Failed("message_deleted", "the message was deleted by its sender")


def _given_up(row: Any) -> Failed | None:
    if row.deleted_at is not None:
        return message_deleted()
    if row.age > USABLE_SECONDS:
        return Failed("too_old", "the provider keeps media for 7 days")
    if row.error_code == "worker_lost" and row.attempt >= MOST_LOST:
        return Failed("worker_lost", f"{row.attempt} attempts, and the last one lost its worker")
    if row.connection_status == "revoked":
        return Failed("connection_gone", "the connection was revoked")
    return None


def _put_off(session: TenantSession, transfer: Transfer, *, free_at: datetime | None) -> TransferReport:
    """Wait for a place among the provider's errors; `free_at` None: for one of those that run now."""
    soon = datetime.now(UTC) + timedelta(seconds=_BESIDE_SECONDS)
    at = queries.put_off(
        session,
        organization_id=transfer.organization_id,
        transfer_id=transfer.id,
        at=max(free_at or soon, soon),
        code="throttled",
    )
    return TransferReport("pending", "throttled", next_at=at)


def _transfer(row: Any, *, organization_id: UUID, transfer_id: UUID, session: TenantSession) -> Transfer:
    return Transfer(
        organization_id=organization_id,
        id=transfer_id,
        message_id=row.message_id,
        connection_id=row.connection_id,
        attempt=row.attempt,
        ordinal=row.ordinal,
        kind=row.kind,
        provider_media_id=row.provider_media_id or None,
        url=row.url,
        declared_mime_type=row.declared_mime_type,
        declared_sha256=row.declared_sha256 or None,
        declared_size=row.declared_size,
        file_name=row.file_name,
        voice=row.voice,
        provider=row.provider,
        sealed_token=row.access_token,
        known=_known(session, organization_id, row.declared_sha256),
    )


def _known(session: TenantSession, organization_id: UUID, declared_sha256: str | None) -> Asset | None:
    if not declared_sha256:
        return None
    try:
        sha256 = digest_of(declared_sha256)
    except Failed:
        return None
    return queries.find_by_hash(session, organization_id=organization_id, sha256=sha256)
