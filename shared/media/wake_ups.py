"""Tasks of the queue `media`: they carry ids, the truth is in the database, and one more or one fewer does no harm."""

import hashlib
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

MEDIA_QUEUE: Final = "media"


class Wakes(Protocol):
    """The part of the queue that wake-ups need."""

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        """Ask for one POST of `payload` to `url`; a name that exists already counts as success."""


def wake_transfer(  # noqa: PLR0913 - what a task is made of
    queue: Wakes, *, url: str, organization_id: UUID, transfer_id: UUID, at: datetime | None, reason: str | None
) -> None:
    """Ask for one run of the transfer. The same `reason` twice is one wake-up; None makes a task without a name.

    Raises Unavailable when the queue is away.
    """
    name = None
    if reason is not None:
        name = f"media-{hashlib.sha256(f'{transfer_id}|{reason}'.encode()).hexdigest()[:32]}"
    payload = {"organization_id": str(organization_id), "transfer_id": str(transfer_id)}
    queue.wake(MEDIA_QUEUE, url=url, payload=payload, at=at, name=name)


def wake_cleaning(queue: Wakes, *, url: str, organization_id: UUID) -> None:
    """Ask for the cleaning of one organization's objects. Raises Unavailable."""
    payload = {"organization_id": str(organization_id), "work": "clean"}
    queue.wake(MEDIA_QUEUE, url=url, payload=payload, at=None, name=None)
