"""Wake-up tasks: a task carries only ids, the truth is in the database, and one more or one fewer does no harm."""

import hashlib
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

TURN_QUEUE: Final = "agent-turns"


class Wakes(Protocol):
    """The part of the queue that wake-ups need."""

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        """Asks for one POST of `payload` to `url`; a name that exists already counts as success."""


def task_name(conversation_id: UUID, *, reason: str) -> str:
    """One name per conversation and reason, spread by a hash (sequential names slow the service down).

    A name stays reserved for hours after its task is done, so a needed wake-up must have a reason of its own: a moment,
    or the task that is running now.
    """
    digest = hashlib.sha256(f"{conversation_id}|{reason}".encode()).hexdigest()[:32]
    return f"turn-{digest}"


def wake_conversation(  # noqa: PLR0913 - what a task is made of
    queue: Wakes, *, url: str, organization_id: UUID, conversation_id: UUID, at: datetime | None, reason: str | None
) -> None:
    """Asks for one run of the conversation's work at `at` (None: now). Raises Unavailable when the queue is.

    The same `reason` twice is one wake-up; None makes a task without a name, which is never taken for another.
    """
    queue.wake(
        TURN_QUEUE,
        url=url,
        payload={"organization_id": str(organization_id), "conversation_id": str(conversation_id)},
        at=at,
        name=None if reason is None else task_name(conversation_id, reason=reason),
    )
