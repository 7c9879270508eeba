"""The queue of wake-ups, in Cloud Tasks; locally the same client speaks to another endpoint.

A task carries only ids: the truth is in the database, and a sweep finds what a lost task would have done.
"""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from shared.kit.errors import Unavailable

if TYPE_CHECKING:
    from shared.platform.settings import TasksSettings

CALL_TIMEOUT = 5.0  # seconds for one call; there is no other try, because the sweep is one
DISPATCH_DEADLINE = 130  # seconds: above the turn's 120, below its lease of 150
_LATEST = timedelta(days=30)  # Cloud Tasks refuses a later time


class Queue(Protocol):
    """Something that calls a URL once or more, at a time or now."""

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        """Ask for one POST of `payload` to `url` at `at` (None: now). A name that exists already counts as success.

        Raises `Unavailable`.
        """


class CloudTasks:
    """`Queue` over google-cloud-tasks; its client is made by the first call. Threads share it."""

    def __init__(self, settings: TasksSettings) -> None:
        self._settings = settings
        self._client: Any = None
        self._making = threading.Lock()

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        """See `Queue`. A sharded queue's shard is chosen by the payload, so that a conversation keeps its own."""
        from google.api_core import exceptions  # noqa: PLC0415 (0.3 s that a starting instance does not wait for)
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 (idem)

        parent = self._queue_path(queue, payload)
        task = self._task(parent, url=url, payload=payload, at=at, name=name)
        try:
            self._connected().create_task(parent=parent, task=task, timeout=CALL_TIMEOUT, retry=None)
        except exceptions.AlreadyExists:
            return
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise Unavailable(f"Queue {queue} took no task: {type(error).__name__}") from error

    def close(self) -> None:
        """Close the channel."""
        if self._client is not None:
            self._client.transport.close()

    def _queue_path(self, queue: str, payload: dict[str, str]) -> str:
        shards = self._settings.queue_shards.get(queue, 1)
        if shards > 1:
            owner = payload.get("conversation_id") or json.dumps(payload, sort_keys=True)
            digest = hashlib.blake2b(owner.encode(), digest_size=8).digest()
            queue = f"{queue}-{int.from_bytes(digest, 'big') % shards}"
        settings = self._settings
        location = f"projects/{settings.google_cloud_project}/locations/{settings.google_cloud_region}"
        return f"{location}/queues/{queue}"

    def _task(
        self, parent: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None
    ) -> dict[str, Any]:
        task: dict[str, Any] = {
            "http_request": {
                "url": url,
                "http_method": "POST",
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps(payload).encode(),
                "oidc_token": {"service_account_email": self._settings.tasks_service_account, "audience": url},
            },
            "dispatch_deadline": timedelta(seconds=DISPATCH_DEADLINE),
        }
        if at is not None:
            task["schedule_time"] = min(at, datetime.now(UTC) + _LATEST)
        if name is not None:
            task["name"] = f"{parent}/tasks/{name}"
        return task

    def _connected(self) -> Any:
        with self._making:
            if self._client is None:
                self._client = _make_client(self._settings.cloud_tasks_endpoint)
        return self._client


def _make_client(endpoint: str | None) -> Any:
    from google.cloud import tasks_v2  # noqa: PLC0415 (0.3 s)

    if endpoint is None:
        return tasks_v2.CloudTasksClient()
    import grpc  # noqa: PLC0415 (loaded by the client above anyway)
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport  # noqa: PLC0415

    channel = grpc.insecure_channel(endpoint)
    return tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
