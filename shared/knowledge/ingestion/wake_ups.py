"""Tasks of the queue `knowledge`: they carry ids, the truth is in the database, one more or fewer does no harm."""

import hashlib
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

KNOWLEDGE_QUEUE: Final = "knowledge"


class Wakes(Protocol):
    """The part of the queue that wake-ups need."""

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        """Ask for one POST of `payload` to `url`; a name that exists already counts as success."""


def wake_ingestion(  # noqa: PLR0913 - what a task is made of
    queue: Wakes, *, url: str, organization_id: UUID, ingestion_id: UUID, at: datetime | None, reason: str | None
) -> None:
    """Ask for one run. The same `reason` twice is one wake-up; None makes a task without a name. Raises Unavailable."""
    name = None
    if reason is not None:
        name = f"knowledge-{hashlib.sha256(f'{ingestion_id}|{reason}'.encode()).hexdigest()[:32]}"
    payload = {"organization_id": str(organization_id), "ingestion_id": str(ingestion_id)}
    queue.wake(KNOWLEDGE_QUEUE, url=url, payload=payload, at=at, name=name)


def wake_derivation(queue: Wakes, *, url: str, organization_id: UUID) -> None:
    """Ask for the use of one organization's entries to be derived again. Raises Unavailable."""
    payload = {"organization_id": str(organization_id), "work": "derive"}
    queue.wake(KNOWLEDGE_QUEUE, url=url, payload=payload, at=None, name=None)
