"""The outbox's statements: the last look before a message leaves, and what became of it. Each is one round trip."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.platform.database import Database

_BEGIN: Final = "SELECT agents.begin_send(:organization_id, :outbox_id, :max_age, :quiet)"
_FINISH: Final = "SELECT agents.finish_send(:organization_id, :outbox_id, :attempt, CAST(:result AS jsonb))"


@dataclass(frozen=True, slots=True)
class Account:
    """The connection that sends: its provider, its id there, its token still encrypted.

    `login`: by what a person connected an Instagram account ('instagram', 'facebook'); None is 'instagram'.
    """

    connection_id: UUID
    provider: str
    account_identifier: str
    sealed_token: str | None
    login: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that is marked `sending` and must be sent now, or put back.

    `kind`: who it is from (reply, handoff, human, template, survey). `late`: outside the 24-hour window, a person's
    words.
    """

    organization_id: UUID
    outbox_id: UUID
    attempt: int
    part: int
    recipient: str
    payload: dict[str, Any]
    account: Account
    kind: str = "reply"
    late: bool = False


@dataclass(frozen=True, slots=True)
class NotSent:
    """The message may not be sent now.

    `state`: waiting (until `at`), blocked, cancelled, held, reopened (the turn runs again at `at`), again, gone.
    """

    state: str
    reason: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one attempt, in the words of agents.finish_send.

    `outcome`: accepted (`message_id` is the provider's), refused (for ever), retry (certainly not sent; again in
    `retry_seconds`), uncertain. `consequence`: window, opt_out, template, connection_expired, connection_error, or
    None.
    """

    outcome: str
    message_id: str | None = None
    http_status: int | None = None
    error_code: str | None = None
    error_detail: str | None = None
    latency_ms: int | None = None
    retry_seconds: float | None = None
    consequence: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The row's state after an attempt; `at` when a retry is due. 'gone': the attempt had been settled otherwise."""

    state: str
    at: datetime | None = None


def begin_send(
    database: Database, *, organization_id: UUID, outbox_id: UUID, max_age: float, quiet: float
) -> Delivery | NotSent:
    """Decides whether the message may still be sent and, if so, marks it `sending` in the same statement. Seconds."""
    rows = database.tenant_once(
        organization_id, _BEGIN, organization_id=organization_id, outbox_id=outbox_id, max_age=max_age, quiet=quiet
    )
    found = rows[0][0]
    if found["state"] != "sending":
        at = found.get("at") or found.get("run_at")
        return NotSent(state=found["state"], reason=found.get("reason"), at=datetime.fromisoformat(at) if at else None)
    return Delivery(
        organization_id=organization_id,
        outbox_id=outbox_id,
        attempt=found["attempt"],
        part=found["part"],
        recipient=found["recipient"],
        payload=found["payload"],
        account=account_of(found["connection"]),
        kind=found["kind"],
        late=bool(found["late"]),
    )


def account_of(found: dict[str, Any]) -> Account:
    """The connection as the database's functions describe it."""
    return Account(
        connection_id=UUID(found["id"]),
        provider=found["provider"],
        account_identifier=found["account_identifier"],
        sealed_token=found["access_token"],
        login=found["login"],
    )


def finish_send(database: Database, *, delivery: Delivery, result: SendResult) -> Settled:
    """Records what became of the attempt, guarded by its number."""
    rows = database.tenant_once(
        delivery.organization_id,
        _FINISH,
        organization_id=delivery.organization_id,
        outbox_id=delivery.outbox_id,
        attempt=delivery.attempt,
        result=json.dumps({name: getattr(result, name) for name in SendResult.__slots__}, ensure_ascii=False),
    )
    found = rows[0][0]
    at = found.get("at")
    return Settled(state=found["state"], at=datetime.fromisoformat(at) if at else None)
