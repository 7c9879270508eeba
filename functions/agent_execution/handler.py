"""The steps of one run: read whose conversation it is, do what is due for it, ask for the next run."""

from typing import Any
from uuid import UUID

from shared.agents.responder import Responder
from shared.agents.turns import Attend, TurnReport, run_turn
from shared.channels.sending import Sender
from shared.conversations.models import TurnTimes
from shared.conversations.wake_ups import Wakes, wake_conversation
from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.platform.database import Database
from shared.platform.logs import get_logger

_log = get_logger(__name__)


def read_task(payload: object) -> tuple[UUID, UUID]:
    """The organization's and the conversation's id. Raises Rejected when the task does not hold them."""
    if not isinstance(payload, dict):
        raise Rejected("bad_task", "the task's body is not an object with organization_id and conversation_id")
    try:
        return UUID(str(payload["organization_id"])), UUID(str(payload["conversation_id"]))
    except (KeyError, ValueError) as wrong:
        raise Rejected("bad_task", "the task needs the uuids organization_id and conversation_id") from wrong


def execute(  # noqa: PLR0913 - the function's dependencies, by name
    payload: object,
    *,
    task_name: str | None,
    database: Database,
    queue: Wakes,
    own_url: str,
    responder: Responder,
    sender: Sender,
    times: TurnTimes,
    attend: Attend,
) -> dict[str, Any]:
    """Does what is due for the task's conversation and returns what was done, for the log.

    Raises Rejected for a task that can never be done, Unavailable when the queue must bring it again.
    """
    organization_id, conversation_id = read_task(payload)
    round_trips = database.round_trips
    report = run_turn(
        database,
        organization_id=organization_id,
        conversation_id=conversation_id,
        responder=responder,
        sender=sender,
        times=times,
        attend=attend,
    )
    crash_point("K8")
    _wake_later(report, queue, own_url, organization_id, conversation_id, task_name=task_name)
    _log.info(
        "run done",
        organization_id=str(organization_id),
        conversation_id=str(conversation_id),
        result=report.result,
        reason=report.reason,
        accepted=report.accepted,
        round_trips=database.round_trips - round_trips,  # of the instance: exact while it runs one task
    )
    return {"result": report.result, "reason": report.reason, "accepted": report.accepted}


def _wake_later(  # noqa: PLR0913 - what a task is made of
    report: TurnReport,
    queue: Wakes,
    own_url: str,
    organization_id: UUID,
    conversation_id: UUID,
    *,
    task_name: str | None,
) -> None:
    """Asks for the next run. A queue that is away is no reason to repeat this one: the sweep finds what waits."""
    if report.next_at is None:
        return
    try:
        wake_conversation(
            queue,
            url=own_url,
            organization_id=organization_id,
            conversation_id=conversation_id,
            at=report.next_at,
            # never the name of the task that runs now: that one counts as existing until hours after it is done
            reason=f"{report.next_at.isoformat()}|after {task_name}",
        )
    except Unavailable as away:
        _log.warning("wake-up left to the sweep", conversation_id=str(conversation_id), reason=str(away))
