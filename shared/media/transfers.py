"""One run of one transfer: claim, find the source, stream it into storage, read it, record. Killed, it is done again.

No transaction is open while the provider or the storage works. What a killed run left in storage under a name that no
row has is found by the comparison of objects and rows (shared/media/cleaning.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from shared.kit.crash_points import crash_point
from shared.kit.errors import Unavailable
from shared.media import queries
from shared.media.claiming import claim, give_up, message_deleted
from shared.media.fetching import Fetching
from shared.media.models import Asset, NewAsset, Transfer, TransferReport
from shared.media.reading import Reader, Reading, read_medium
from shared.media.resolving import find_source
from shared.media.retrying import Failed, pause_before_next
from shared.media.storing import check_declared, store
from shared.platform.database import Database, TenantSession
from shared.platform.logs import get_logger
from shared.platform.storage import Storage

_log = get_logger(__name__)

OpenToken = Callable[[Transfer], str]


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with. `graph_url`: the Graph API with its version; `open_token` gives "" for ever or raises."""

    database: Database
    storage: Storage
    bucket: str
    fetching: Fetching
    graph_url: str
    open_token: OpenToken
    reader: Reader | None = None


def run_transfer(means: Means, *, organization_id: UUID, transfer_id: UUID) -> TransferReport:
    """Do what is due for one transfer. Raises Unavailable when the database is away."""
    claimed = means.database.retrying(
        lambda: claim(means.database, organization_id=organization_id, transfer_id=transfer_id)
    )
    crash_point("media-claimed")
    if isinstance(claimed, TransferReport):
        return claimed
    try:
        if claimed.known is not None:
            return _reuse(means, claimed, claimed.known)
        asset = _fetch(means, claimed)
    except Failed as failure:
        failed = failure
        _log.info("medium not transferred", transfer_id=str(transfer_id), code=failed.code, attempt=claimed.attempt)
        return means.database.retrying(lambda: _record_failure(means, claimed, failed))
    crash_point("media-stored")
    reading = _read(means, claimed, asset)
    crash_point("media-read")
    return means.database.retrying(lambda: _record(means, claimed, asset, reading))


def _fetch(means: Means, transfer: Transfer) -> NewAsset:
    try:
        token = means.open_token(transfer) if transfer.provider_media_id is not None else None
    except Unavailable as away:
        raise Failed("storage_away", f"the token cannot be opened: {away.message}") from away
    source = find_source(transfer, fetching=means.fetching, graph_url=means.graph_url, token=token)
    check_declared(transfer, source)
    crash_point("media-resolved")
    has_id = transfer.provider_media_id is not None
    with means.fetching.get(source.url, token=token, has_id=has_id) as answer:
        return store(transfer, source, answer, storage=means.storage, bucket=means.bucket)


def _read(means: Means, transfer: Transfer, asset: NewAsset) -> Reading:
    return read_medium(
        transfer,
        mime_type=asset.mime_type,
        size=asset.stored.size,
        load=lambda: means.storage.get(means.bucket, asset.path),
        reader=means.reader,
    )


def _record(means: Means, transfer: Transfer, asset: NewAsset, reading: Reading) -> TransferReport:
    """The asset, the transfer and the message in one transaction; bytes that nobody needs go again."""
    kept = None
    with means.database.tenant(transfer.organization_id) as session:
        state = queries.hold(session, transfer)
        if state == "deleted":
            report = give_up(session, transfer, message_deleted())
        elif state == "lost":
            report = TransferReport("lost")
        else:
            organization_id = transfer.organization_id
            kept = queries.add_asset(
                session, organization_id=organization_id, asset=asset, file_name=transfer.file_name
            )
            _store_in_message(session, transfer, kept, reading)
            report = TransferReport("stored")
    crash_point("media-recorded")
    if kept != asset.id:
        _remove(means, asset)
    return report


def _remove(means: Means, asset: NewAsset) -> None:
    try:
        means.storage.delete(means.bucket, asset.path)
    except Unavailable as away:
        _log.warning("object left to the comparison of objects and rows", path=asset.path, reason=away.message)


def _reuse(means: Means, transfer: Transfer, known: Asset) -> TransferReport:
    """The same bytes are here already: the message gets them without another download."""
    reading = read_medium(
        transfer,
        mime_type=known.mime_type,
        size=known.size,
        load=lambda: means.storage.get(means.bucket, known.path, generation=known.generation),
        reader=means.reader,
    )

    def record() -> TransferReport:
        with means.database.tenant(transfer.organization_id) as session:
            state = queries.hold(session, transfer)
            if state == "deleted":
                return give_up(session, transfer, message_deleted())
            if state == "lost":
                return TransferReport("lost")
            if not queries.keep_asset(session, organization_id=transfer.organization_id, asset_id=known.id):
                at = queries.retry(session, transfer, seconds=0.0, code="asset_gone", detail="deleted meanwhile")
                return TransferReport("pending", "asset_gone", next_at=at)
            _store_in_message(session, transfer, known.id, reading)
            return TransferReport("stored", "known")

    return means.database.retrying(record)


def _store_in_message(session: TenantSession, transfer: Transfer, asset_id: UUID, reading: Reading) -> None:
    queries.end(session, transfer, state="stored", asset_id=asset_id, failure=None)
    queries.tell_message(
        session,
        organization_id=transfer.organization_id,
        message_id=transfer.message_id,
        reading=reading.as_marker(transfer.ordinal),
    )


def _record_failure(means: Means, transfer: Transfer, failed: Failed) -> TransferReport:
    with means.database.tenant(transfer.organization_id) as session:
        # before the transfer is locked: a claim locks in this order
        if failed.rule.counts and transfer.provider_media_id is not None:
            queries.count_error(session, transfer)
        if failed.code == "token_over":
            queries.report_token_over(session, transfer, detail=f"media: {failed.detail}")
        if queries.hold(session, transfer) == "lost":
            return TransferReport("lost", failed.code)
        pause = pause_before_next(failed, attempt=transfer.attempt)
        if pause is None:
            return give_up(session, transfer, failed)
        at = queries.retry(session, transfer, seconds=pause, code=failed.code, detail=failed.detail)
        return TransferReport("pending", failed.code, next_at=at)
