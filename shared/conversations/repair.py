"""The sweep's statements, over all organizations: each settles or finds one kind of thing that waits unseen."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from shared.platform.database import SystemSession

_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('work_sweep', 0))")
_EXPIRE: Final = text("SELECT agents.expire_sends(:seconds, :batch)")
_SETTLE: Final = text("SELECT agents.settle_uncertain(:seconds, :batch)")
_ESCALATE: Final = text("SELECT agents.escalate_failures(:seconds, :batch)")
_ESTIMATE: Final = text("SELECT agents.estimate_attempts(:seconds, :batch)")
_CLOSE: Final = text("SELECT agents.close_stuck_executions(:seconds, :batch)")
_SLEEPERS: Final = text(
    "SELECT organization_id, conversation_id, reason"
    " FROM agents.conversations_to_wake(:grace, :per_organization, :in_all, :uncertain)"
)


@dataclass(frozen=True, slots=True)
class SweepTimes:
    """Seconds at which the sweep acts, and how many conversations it wakes: per organization and in all."""

    sending_limit: float = 30.0
    # W: longer than the lease and than any status takes, because a resend before it may be a duplicate
    uncertain: float = 180.0
    # a model call or an execution that is older than the lease has lost its worker
    lease: float = 150.0
    # how far back failed deliveries are looked for: longer than a sweep may be away
    failure_window: float = 6 * 3600.0
    # what became due this long ago has had its own wake-up
    grace: float = 10.0
    per_organization: int = 100
    in_all: int = 2000
    # rows that one sweep settles of each kind; what is left over is the next sweep's
    batch: int = 1000


@dataclass(frozen=True, slots=True)
class Sleeper:
    """A conversation that should be moving, and why it is not: due, lease_expired, unsent, undelivered or unsettled."""

    organization_id: UUID
    conversation_id: UUID
    reason: str


def begin_sweep(session: SystemSession) -> bool:
    """Whether this transaction may sweep: not while another one does."""
    return bool(session.execute(_LOCK).scalar_one())


def settle(session: SystemSession, times: SweepTimes) -> dict[str, int]:
    """Moves on what is stuck; returns how many rows of each kind."""
    batch = times.batch
    counts: dict[str, int] = {
        "sends_expired": session.execute(_EXPIRE, {"seconds": times.sending_limit, "batch": batch}).scalar_one(),
        "calls_estimated": session.execute(_ESTIMATE, {"seconds": times.lease, "batch": batch}).scalar_one(),
        "executions_closed": session.execute(_CLOSE, {"seconds": times.lease, "batch": batch}).scalar_one(),
    }
    counts["failures_escalated"] = session.execute(
        _ESCALATE, {"seconds": times.failure_window, "batch": batch}
    ).scalar_one()
    settled = session.execute(_SETTLE, {"seconds": times.uncertain, "batch": batch}).scalar_one()
    return {**counts, "uncertain_resent": settled["resent"], "uncertain_held": settled["held"]}


def find_sleepers(session: SystemSession, times: SweepTimes) -> list[Sleeper]:
    """The conversations to wake, fairly: each organization's oldest in turns."""
    rows = session.execute(
        _SLEEPERS,
        {
            "grace": times.grace,
            "per_organization": times.per_organization,
            "in_all": times.in_all,
            "uncertain": times.uncertain,
        },
    )
    return [Sleeper(organization_id=row[0], conversation_id=row[1], reason=row[2]) for row in rows]
