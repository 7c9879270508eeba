"""Webhook deliveries and the one statement that records them.

A delivery is one verified request of a provider. However many are recorded together, it is one round trip; when it
returns, every item of every delivery is committed once.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from shared.channels.items import Item, unparsed
from shared.kit.ids import new_id
from shared.platform.database import Database

_RECORD = """
SELECT integrations.record_deliveries(
    CAST(:deliveries AS jsonb), CAST(:items AS jsonb), CAST(:bodies AS text[]),
    :quiet_seconds, :ceiling_seconds, :reply_max_age_seconds)
"""

Seal = Callable[[bytes, str], tuple[bytes, str]]
"""Encrypts a raw body for the delivery with this id: (sealed bytes, id of the key)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request of a provider whose signature was right.

    A quarantined delivery is authentic but could not be read; it is kept whole, for a retry would not help.
    """

    provider: str
    raw: bytes
    verified_by: str
    headers: Mapping[str, str]
    items: Sequence[Item] = ()
    status: Literal["stored", "quarantined"] = "stored"
    quarantine_reason: str | None = None
    id: str = field(default_factory=lambda: str(new_id()))


class WakeUp(NamedTuple):
    """A conversation that has had nothing to answer until now, and when to look at it."""

    organization_id: UUID
    conversation_id: UUID
    run_at: datetime


class Transfer(NamedTuple):
    """A file that a customer sent and its provider still has: a row of `platform.media_transfers`."""

    organization_id: UUID
    transfer_id: UUID


class Counts(NamedTuple):
    """How many items of a delivery were new, seen before, not understood, and of an account that nobody owns."""

    new: int
    duplicate: int
    unparsed: int
    quarantined: int


class Recorded(NamedTuple):
    """What a call of `record_deliveries` did; counts in the order of the deliveries."""

    wake_ups: list[WakeUp]
    counts: list[Counts]
    media: list[Transfer]


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstRules:
    """When a burst of messages becomes a turn, and from what age on only people answer; seconds."""

    quiet_seconds: float
    ceiling_seconds: float
    reply_max_age_seconds: float


def record_deliveries(database: Database, deliveries: Sequence[Delivery], *, seal: Seal, rules: BurstRules) -> Recorded:
    """Record the deliveries in one transaction and one round trip.

    Raises:
        Unavailable: the database cannot do it now; if it was stored all the same, a repetition will be seen as such.
    """
    rows, items, bodies = [], [], []
    for place, delivery in enumerate(deliveries):
        sealed, key_id = seal(delivery.raw, delivery.id)
        rows.append(_row(delivery, key_id=key_id))
        bodies.append(b64encode(sealed).decode("ascii"))
        for ordinal, item in enumerate(delivery.items):
            item["delivery"], item["ordinal"] = place, ordinal
            items.append(item)
    answer = database.system_once(
        _RECORD,
        deliveries=json.dumps(rows, separators=(",", ":")),
        items=json.dumps(items, separators=(",", ":")),
        bodies=bodies,
        quiet_seconds=rules.quiet_seconds,
        ceiling_seconds=rules.ceiling_seconds,
        reply_max_age_seconds=rules.reply_max_age_seconds,
    )
    recorded = answer[0][0]
    return Recorded(
        wake_ups=[
            WakeUp(UUID(row["organization_id"]), UUID(row["conversation_id"]), datetime.fromisoformat(row["run_at"]))
            for row in recorded["wake_ups"]
        ],
        counts=[Counts(*row) for row in recorded["deliveries"]],
        media=[Transfer(UUID(row["organization_id"]), UUID(row["transfer_id"])) for row in recorded["media"]],
    )


def as_quarantined(delivery: Delivery, *, reason: str) -> Delivery:
    """Return the delivery as one that could not be taken apart: whole in quarantine, its items as unparsed events."""
    items = [
        unparsed(dict(item), account=item["account"], event_type=item["event_type"], reason=reason)
        for item in delivery.items
    ]
    return replace(delivery, items=items, status="quarantined", quarantine_reason=reason)


def _row(delivery: Delivery, *, key_id: str) -> dict[str, object]:
    return {
        "id": delivery.id,
        "provider": delivery.provider,
        "status": delivery.status,
        "quarantine_reason": delivery.quarantine_reason,
        "body_key_id": key_id,
        "body_size": len(delivery.raw),
        "headers": delivery.headers,
        "verified_by": delivery.verified_by,
        "item_count": len(delivery.items),
    }
