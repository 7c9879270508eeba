"""The tasks of runs: like a conversation's, a task carries only ids and one more or one fewer does no harm."""

from datetime import datetime
from uuid import UUID

from shared.conversations.wake_ups import TURN_QUEUE, Wakes, task_name


def wake_run(  # noqa: PLR0913 - what a task is made of
    queue: Wakes,
    *,
    url: str,
    organization_id: UUID,
    agent_id: UUID,
    run_id: UUID,
    at: datetime | None = None,
    reason: str | None = None,
) -> None:
    """Asks for one try of a run at `at` (None: now). Raises Unavailable when the queue is.

    The same `reason` twice is one wake-up; None makes a task without a name.
    """
    queue.wake(
        TURN_QUEUE,
        url=url,
        payload={"organization_id": str(organization_id), "agent_id": str(agent_id), "run_id": str(run_id)},
        at=at,
        name=None if reason is None else task_name(run_id, reason=reason),
    )
