"""The steps of one run: settle what the provider can be asked for, send what waits in order, ask for the next run."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.channels.graph import GraphSender
from shared.channels.queueing import wake_delivery
from shared.channels.sending import SendReport, SendTimes, send_outbox
from shared.channels.unsettled import settle_unsettled, waiting_messages
from shared.conversations.wake_ups import Wakes
from shared.kit.clock import utc_now
from shared.kit.errors import Rejected, Unavailable
from shared.platform.database import Database
from shared.platform.logs import get_logger

_log = get_logger(__name__)

# A window that turned out to be closed queues a template, which is sent in the same run; more is the next run's.
_MOST_ROUNDS: Final = 3
_MORE: Final = frozenset({"accepted", "held", "cancelled", "refused", "reopened"})


@dataclass(frozen=True, slots=True)
class DeliveryTimes:
    """Seconds: the age at which a message is a person's, the customer's quiet time, W, and a run's longest time."""

    max_age: float
    quiet: float
    uncertain: float
    timeout: float


def read_task(payload: object) -> tuple[UUID, UUID]:
    """The organization's and the conversation's id. Raises Rejected when the task does not hold them."""
    if not isinstance(payload, dict):
        raise Rejected("bad_task", "the task's body is not an object with organization_id and conversation_id")
    try:
        return UUID(str(payload["organization_id"])), UUID(str(payload["conversation_id"]))
    except (KeyError, ValueError) as wrong:
        raise Rejected("bad_task", "the task needs the uuids organization_id and conversation_id") from wrong


def deliver(  # noqa: PLR0913 - the function's dependencies, by name
    payload: object,
    *,
    database: Database,
    queue: Wakes,
    own_url: str,
    sender: GraphSender,
    times: DeliveryTimes,
) -> dict[str, Any]:
    """Sends what waits in the task's conversation and returns what was done, for the log.

    Raises Rejected for a task that can never be done, Unavailable when the queue must bring it again.
    """
    organization_id, conversation_id = read_task(payload)
    ends_at = time.monotonic() + times.timeout
    asked: list[str] = []
    accepted = 0
    report = SendReport(state="idle", reason=None, accepted=0, next_at=None)
    for _ in range(_MOST_ROUNDS):
        waiting = waiting_messages(
            database, organization_id=organization_id, conversation_id=conversation_id, uncertain=times.uncertain
        )
        settled = [settle_unsettled(database, unsettled=one, sender=sender) for one in waiting.unsettled]
        asked += settled
        ready = waiting.ready
        if "ready" in settled:
            continue  # it goes before what waits behind it: the list is read again
        if not ready:
            break
        report = send_outbox(
            database,
            organization_id=organization_id,
            outbox_ids=ready,
            sender=sender,
            times=SendTimes(max_age=times.max_age, quiet=times.quiet, ends_at=ends_at),
        )
        accepted += report.accepted
        if report.state not in _MORE or time.monotonic() > ends_at:
            break
    else:
        report = replace(report, next_at=report.next_at or utc_now())
    _wake_later(report.next_at, queue, own_url, organization_id, conversation_id)
    _log.info(
        "deliveries done",
        organization_id=str(organization_id),
        conversation_id=str(conversation_id),
        result=report.state,
        reason=report.reason,
        accepted=accepted,
        asked=asked,
    )
    return {"result": report.state, "reason": report.reason, "accepted": accepted, "asked": asked}


def _wake_later(
    next_at: datetime | None, queue: Wakes, own_url: str, organization_id: UUID, conversation_id: UUID
) -> None:
    """Asks for the next run. A queue that is away is no reason to repeat this one: the sweep finds what waits."""
    if next_at is None:
        return
    try:
        wake_delivery(
            queue,
            url=own_url,
            organization_id=organization_id,
            conversation_id=conversation_id,
            at=max(next_at, utc_now()),
        )
    except Unavailable as away:
        _log.warning("wake-up left to the sweep", conversation_id=str(conversation_id), reason=str(away))
