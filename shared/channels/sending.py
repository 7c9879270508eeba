"""Sends a conversation's waiting messages in order, one after the other, and stops at the first that cannot go now.

Whatever happens, a message that was marked `sending` is settled here, or by the sweep when this process is lost.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from shared.channels.outbox import Delivery, NotSent, SendResult, begin_send, finish_send
from shared.conversations.insistence import insist
from shared.kit.clock import utc_now
from shared.kit.crash_points import crash_point
from shared.kit.errors import Unavailable
from shared.platform.database import Database

# The facts may change under a decision once or twice, not for ever.
_TRIES: Final = 3


class Sender(Protocol):
    """Sends one message to the provider. `marked_at` is the monotonic time at which it was marked, in seconds.

    Raises Unavailable only while nothing of the message has left.
    """

    def send(self, delivery: Delivery, *, marked_at: float) -> SendResult:
        """What became of this one attempt; nothing is tried twice in it."""


@dataclass(frozen=True, slots=True)
class SendTimes:
    """Seconds: the age at which a reply becomes a person's, the customer's quiet time, and when to stop (monotonic)."""

    max_age: float
    quiet: float
    ends_at: float = float("inf")


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of the messages: the last state and reason, how many were accepted, and when there is more to do."""

    state: str
    reason: str | None
    accepted: int
    next_at: datetime | None


def send_outbox(
    database: Database, *, organization_id: UUID, outbox_ids: Sequence[UUID], sender: Sender, times: SendTimes
) -> SendReport:
    """Sends these outbox rows, which are of one conversation and in order. Raises Unavailable when the database is."""
    report = SendReport(state="gone", reason=None, accepted=0, next_at=None)
    for position, outbox_id in enumerate(outbox_ids):
        if position:
            crash_point("K10")
            if time.monotonic() > times.ends_at:
                return replace(report, state="ready", next_at=utc_now())
        report = _send_one(
            database, organization_id=organization_id, outbox_id=outbox_id, sender=sender, times=times, report=report
        )
        if report.state not in {"accepted", "gone"}:
            break
    return report


def _send_one(  # noqa: PLR0913 - the loop's own state is one of them
    database: Database, *, organization_id: UUID, outbox_id: UUID, sender: Sender, times: SendTimes, report: SendReport
) -> SendReport:
    begun: Delivery | NotSent = NotSent(state="again")
    for _ in range(_TRIES):
        marked_at = time.monotonic()
        begun = begin_send(
            database, organization_id=organization_id, outbox_id=outbox_id, max_age=times.max_age, quiet=times.quiet
        )
        if not (isinstance(begun, NotSent) and begun.state == "again"):
            break
    if isinstance(begun, NotSent):
        return replace(report, state=begun.state, reason=begun.reason, next_at=begun.at)
    crash_point("K5")
    result = _attempt(sender, begun, marked_at=marked_at)
    crash_point("K7")
    settled = insist(lambda: finish_send(database, delivery=begun, result=result))
    accepted = report.accepted + (settled.state == "accepted")
    return SendReport(state=settled.state, reason=result.error_code, accepted=accepted, next_at=settled.at)


def _attempt(sender: Sender, delivery: Delivery, *, marked_at: float) -> SendResult:
    """The attempt, timed; trouble before the first byte puts the message back."""
    started = time.monotonic()
    try:
        result = sender.send(delivery, marked_at=marked_at)
    except Unavailable as trouble:
        return SendResult(outcome="retry", error_code="unavailable", retry_seconds=float(trouble.retry_after))
    return replace(result, latency_ms=int((time.monotonic() - started) * 1000))
