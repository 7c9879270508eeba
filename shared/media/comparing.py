"""Compares an organization's objects with its rows, in both directions.

An object without a row goes; a row without an object is flagged: what a customer sent is lost, and a person must know.
Names sort by the time at which they were begun (UUIDv7), so a period is one range of names and no run looks at all.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text

from shared.kit.crash_points import crash_point
from shared.media.storing import PREFIX
from shared.platform.database import Database
from shared.platform.logs import get_logger
from shared.platform.storage import Storage

_log = get_logger(__name__)

_NAMES: Final = 2000  # that one run compares; the next goes on
# A run lasts minutes: an object that is a day old and has no row will never have one.
SETTLED: Final = timedelta(hours=24)

_AUDIT: Final = text("""
    SELECT coalesce(nullif(audited_until, '-infinity'), 'epoch') FROM platform.media_audits
    WHERE organization_id = :organization_id AND due_at <= clock_timestamp()""")
_ROWS: Final = text("""
    SELECT storage_path, id, state FROM platform.media_assets
    WHERE organization_id = :organization_id AND storage_provider = 'gcs'
      AND created_at >= :since AND created_at < CAST(:until AS timestamptz) + interval '1 day'
      AND storage_path COLLATE "C" >= :start AND storage_path COLLATE "C" < :end""")
_MISSING: Final = text("""
    UPDATE platform.media_assets SET state = 'missing'
    WHERE organization_id = :organization_id AND id = :id AND state = 'ready'""")
_AUDITED: Final = text("""
    UPDATE platform.media_audits a SET audited_until = :until, due_at = CASE
        WHEN :more THEN clock_timestamp()
        WHEN EXISTS (SELECT FROM platform.media_transfers t
                     WHERE t.organization_id = a.organization_id AND t.attempt > 0 AND t.updated_at >= :until)
        THEN clock_timestamp() + make_interval(secs => :settled) END
    WHERE a.organization_id = :organization_id""")


def compare_if_due(database: Database, *, organization_id: UUID, storage: Storage, bucket: str) -> tuple[int, int]:
    """Compare what was begun since the last time and more than a day ago: (objects deleted, rows flagged)."""
    with database.tenant(organization_id) as session:
        since = session.execute(_AUDIT, {"organization_id": organization_id}).scalar_one_or_none()
    if since is None:
        return 0, 0
    return compare(database, organization_id=organization_id, storage=storage, bucket=bucket, since=since)


def compare(
    database: Database, *, organization_id: UUID, storage: Storage, bucket: str, since: datetime
) -> tuple[int, int]:
    """As `compare_if_due`, from `since` on."""
    until = datetime.now(UTC) - SETTLED
    folder = f"{PREFIX}/{organization_id}/"
    start, end = folder + _first_id(since), folder + _first_id(until)
    names = storage.names(bucket, folder, start=start, end=end, limit=_NAMES)
    more = len(names) == _NAMES
    if more:
        until, end = _moment(names[-1]), names[-1]
        names = names[:-1]
    with database.tenant(organization_id) as session:
        period = {"since": since, "until": until, "start": start, "end": end}
        rows = session.execute(_ROWS, {"organization_id": organization_id, **period}).all()
    known = {row[0] for row in rows}
    orphans = [name for name in names if name not in known]
    for name in orphans:
        _log.warning("object without a row deleted", organization_id=str(organization_id), path=name)
        storage.delete(bucket, name)
    crash_point("media-compared")
    lost = [row for row in rows if row[2] == "ready" and row[0] not in set(names)]
    with database.tenant(organization_id) as session:
        for path, asset_id, _ in lost:
            _log.error("row without an object", organization_id=str(organization_id), path=path)
            session.execute(_MISSING, {"organization_id": organization_id, "id": asset_id})
        session.execute(
            _AUDITED,
            {"organization_id": organization_id, "until": until, "more": more, "settled": SETTLED.total_seconds()},
        )
    return len(orphans), len(lost)


def _first_id(moment: datetime) -> str:
    """The smallest UUIDv7 of a moment (its first 48 bits are milliseconds)."""
    return str(UUID(int=max(0, int(moment.timestamp() * 1000)) << 80))


def _moment(name: str) -> datetime:
    """When the object of that name was begun; the beginning of time for a name that is not ours."""
    try:
        milliseconds = UUID(name.rpartition("/")[2]).int >> 80
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
