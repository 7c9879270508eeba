"""A small task queue inside the test: at least once, with retries, duplicates and first deliveries to one worker."""

from __future__ import annotations

import heapq
import itertools
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx

from shared.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

RETRY_SECONDS = 0.25
DEADLINE_SECONDS = 3.0  # after it the queue stops listening, and the worker may go on: as Cloud Tasks does


class Driver:
    """Delivers tasks to `workers` (URLs), and the provider's statuses to `on_status`."""

    def __init__(self, *, seed: int, token: str, on_status: Callable[[dict[str, Any]], None]) -> None:
        self.workers: list[str] = []
        self.deliverers: list[str] = []  # workers of the queue `deliveries`; without any, `workers` get its tasks
        self.first_worker: dict[str, str] = {}  # conversation → the URL that gets its first tasks, one after the other
        self.held: set[str] = set()  # conversations whose other tasks wait until they are released
        self.duplicate_share = 0.0
        self.drop_share = 0.0
        self.delivered = 0
        self._token = token
        self._on_status = on_status
        self._chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
        self._tasks: list[tuple[float, int, dict[str, str], int]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._senders = ThreadPoolExecutor(max_workers=24)
        self._client = httpx.Client(
            timeout=httpx.Timeout(DEADLINE_SECONDS), trust_env=False, limits=httpx.Limits(max_connections=64)
        )
        self._server = _server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True),
            threading.Thread(target=self._dispatch, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        """See shared.platform.queue.Queue."""
        del url, name
        self.add({**payload, "queue": queue}, at=at.timestamp() if at else None)

    def add(self, payload: dict[str, str], *, at: float | None = None, attempt: int = 0) -> None:
        """Takes a task, unless it is one of those that get lost; the sweep must find those."""
        if attempt == 0 and self._chance.random() < self.drop_share:
            return
        copies = 2 if self._chance.random() < self.duplicate_share else 1
        with self._changed:
            for _ in range(copies):
                heapq.heappush(self._tasks, (at or 0.0, next(self._order), payload, attempt))
            self._changed.notify()

    def warm(self, worker: str) -> None:
        """Gives a worker a task without work, so that it is connected when the real one comes."""
        self.post(worker, organization_id=uuid4(), conversation_id=uuid4())

    def post(self, worker: str, *, organization_id: UUID, conversation_id: UUID) -> None:
        """Delivers one task past the queue, once; a busy worker (503) may be asked again by the caller."""
        payload = {"organization_id": str(organization_id), "conversation_id": str(conversation_id)}
        headers = {"Authorization": f"Bearer {self._token}"}
        self._client.post(worker, json=payload, headers=headers, timeout=30.0).raise_for_status()

    def status(self, report: dict[str, Any]) -> None:
        """The provider reports a status."""
        self._on_status(report)

    def close(self) -> None:
        """Stops delivering; what waits is dropped."""
        self._closed = True
        with self._changed:
            self._changed.notify()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()
        self._senders.shutdown(cancel_futures=True)
        self._client.close()

    def _dispatch(self) -> None:
        while not self._closed:
            with self._changed:
                if not self._tasks:
                    self._changed.wait(0.5)
                    continue
                wait = self._tasks[0][0] - time.time()
                if wait > 0:
                    self._changed.wait(min(wait, 0.5))
                    continue
                _, _, payload, attempt = heapq.heappop(self._tasks)
            self._senders.submit(self._deliver, payload, attempt)

    def _deliver(self, payload: dict[str, str], attempt: int) -> None:
        conversation_id = payload["conversation_id"]
        first = self.first_worker.pop(conversation_id, None)
        if first is None and conversation_id in self.held:
            self.add(payload, at=time.time() + 0.1, attempt=attempt + 1)
            return
        workers = self.deliverers if payload.get("queue") == "deliveries" and self.deliverers else self.workers
        worker = first or (self._chance.choice(workers) if workers else None)
        self.delivered += 1
        is_done = worker is not None and self._is_done_by(worker, payload)
        if first is not None and conversation_id in self.held:
            self.first_worker[conversation_id] = first  # it was too slow to come to its crash point, and tries again
        if not is_done and not self._closed:
            self.add(payload, at=time.time() + RETRY_SECONDS * min(2**attempt, 8), attempt=attempt + 1)

    def _is_done_by(self, worker: str, payload: dict[str, str]) -> bool:
        """Whether the worker takes the task; one that is killed, stopped or busy does not."""
        try:
            answer = self._client.post(worker, json=payload, headers={"Authorization": f"Bearer {self._token}"})
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        pass  # connections of killed workers


def _server(driver: Driver) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = 200
            if self.path == "/tasks":
                driver.add(body["payload"], at=body["at"])
            else:
                try:
                    driver.status(body)
                except Unavailable:
                    status = 503
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return _Server(("127.0.0.1", 0), Handler)
