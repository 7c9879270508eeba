"""Deliveries in quarantine: found, opened, and closed after a replay.

A delivery waits for a person when it could not be read, or when items of it name an account that nobody had. The worker
role may read them; their bodies are sealed with the platform's key of their month.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.platform.database import Database, SystemSession
from shared.platform.keys import Keys

_V7: Final = 7
_CLOCKS: Final = timedelta(hours=1)  # between the clock that made an id and the database's

_FIND: Final = text("""
WITH kept AS (
    SELECT d.received_at, d.id FROM integrations.webhook_deliveries d
    WHERE d.status = 'quarantined' AND CAST(:organization_id AS uuid) IS NULL
    UNION
    SELECT e.delivery_received_at, e.delivery_id FROM integrations.webhook_events e
    WHERE e.status = 'quarantined' AND e.delivery_id IS NOT NULL AND (
        CAST(:organization_id AS uuid) IS NULL
        OR EXISTS (SELECT FROM integrations.connections c
                   WHERE c.provider = e.provider AND c.account_identifier = e.account_identifier
                     AND c.organization_id = :organization_id AND c.status <> 'revoked'))
    UNION
    SELECT d.received_at, d.id FROM integrations.webhook_deliveries d
    WHERE d.id = ANY (CAST(:ids AS uuid[]))
      AND d.received_at BETWEEN CAST(:ids_since AS timestamptz) AND CAST(:ids_until AS timestamptz)
)
SELECT d.id, d.received_at, d.provider, d.status, d.quarantine_reason, d.body_size, d.body_key_id,
       items.accounts, items.owned
FROM kept JOIN integrations.webhook_deliveries d ON d.received_at = kept.received_at AND d.id = kept.id
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(DISTINCT e.account_identifier), '{}') AS accounts,
           coalesce(bool_or(EXISTS (SELECT FROM integrations.connections c
                                    WHERE c.provider = e.provider AND c.account_identifier = e.account_identifier
                                      AND c.status <> 'revoked')), false) AS owned
    FROM integrations.webhook_events e
    WHERE e.delivery_received_at = d.received_at AND e.delivery_id = d.id AND e.created_at = d.received_at
      AND e.status = 'quarantined'
) AS items
WHERE (cardinality(CAST(:ids AS uuid[])) = 0 OR d.id = ANY (CAST(:ids AS uuid[])))
  AND d.received_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
  AND d.received_at < coalesce(CAST(:until AS timestamptz), 'infinity')
ORDER BY d.received_at, d.id
LIMIT :most
""")
_BODY: Final = "SELECT sealed_body FROM integrations.webhook_deliveries WHERE received_at = :received_at AND id = :id"
_CLOSE_ITEMS: Final = text("""
UPDATE integrations.webhook_events e
SET status = 'processed', processed_at = clock_timestamp(), error_message = error_message || '; replayed'
WHERE e.created_at = :received_at AND e.delivery_received_at = :received_at AND e.delivery_id = :id
  AND e.status = 'quarantined'
  AND EXISTS (SELECT FROM integrations.connections c
              WHERE c.provider = e.provider AND c.account_identifier = e.account_identifier AND c.status <> 'revoked')
""")
_CLOSE_DELIVERY: Final = text("""
UPDATE integrations.webhook_deliveries
SET status = 'stored', quarantine_reason = quarantine_reason || '; replayed'
WHERE received_at = :received_at AND id = :id AND status = 'quarantined'
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which deliveries: those in quarantine, and those named by id; all that is given holds together.

    `since` is included, `until` is not; `most` bounds how many.
    """

    ids: Sequence[UUID] = ()
    since: datetime | None = None
    until: datetime | None = None
    organization_id: UUID | None = None
    most: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDelivery:
    """A delivery whose bytes are kept.

    reason: why it is in quarantine; "" when it is not. unreadable: the whole body could not be read. accounts: of its
    items that nobody had. owned: somebody has one of them now.
    """

    id: UUID
    received_at: datetime
    provider: str
    reason: str
    unreadable: bool
    accounts: tuple[str, ...]
    owned: bool
    body_size: int
    body_key_id: str


def find_kept(session: SystemSession, selection: Selection) -> list[KeptDelivery]:
    """Return the selected deliveries, oldest first."""
    ids_since, ids_until = _made_between(selection.ids)
    rows = session.execute(
        _FIND,
        {
            "ids": [str(identity) for identity in selection.ids],
            "ids_since": ids_since,
            "ids_until": ids_until,
            "since": selection.since,
            "until": selection.until,
            "organization_id": selection.organization_id,
            "most": selection.most,
        },
    )
    return [
        KeptDelivery(
            id=row.id,
            received_at=row.received_at,
            provider=row.provider,
            reason=_reason(row),
            unreadable=row.status == "quarantined",
            accounts=tuple(row.accounts),
            owned=row.owned,
            body_size=row.body_size,
            body_key_id=row.body_key_id,
        )
        for row in rows
    ]


def _reason(row: Any) -> str:
    if row.status == "quarantined":
        return str(row.quarantine_reason)
    return "no connection has this account" if row.accounts else ""


def _made_between(ids: Sequence[UUID]) -> tuple[datetime, datetime]:
    """Return when deliveries with these ids were received at the earliest and latest, to look into few months.

    Intake's ids are UUIDv7, which begin with the milliseconds since 1970.
    """
    moments = [
        datetime.fromtimestamp((identity.int >> 80) / 1000, tz=UTC) for identity in ids if identity.version == _V7
    ]
    if not moments or len(moments) < len(ids):
        return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return min(moments) - _CLOCKS, max(moments) + _CLOCKS


def open_body(database: Database, keys: Keys, kept: KeptDelivery) -> bytes:
    """Return the bytes as the provider sent them.

    Raises:
        Rejected: the month's key is destroyed, so the body is erased.
    """
    (row,) = database.system_once(_BODY, received_at=kept.received_at, id=kept.id)
    return keys.open_delivery(row.sealed_body, str(kept.id), kept.body_key_id)


def close_kept(session: SystemSession, kept: KeptDelivery) -> None:
    """Take a delivery that was accepted again out of quarantine; items whose account nobody has stay there."""
    where = {"received_at": kept.received_at, "id": kept.id}
    session.execute(_CLOSE_ITEMS, where)
    if kept.unreadable:
        session.execute(_CLOSE_DELIVERY, where)
