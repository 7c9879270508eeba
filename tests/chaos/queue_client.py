"""The workers' side of the test's task driver: the queue's Protocol over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from shared.kit.errors import Unavailable

if TYPE_CHECKING:
    from datetime import datetime


class DriverQueue:
    """Asks the driver for tasks, as CloudTasks asks Google."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=5.0, trust_env=False)

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        """See shared.platform.queue.Queue."""
        del url
        task = {"queue": queue, "payload": payload, "at": at.timestamp() if at else None, "name": name}
        try:
            self._client.post("/tasks", json=task).raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable("the driver does not answer") from error
