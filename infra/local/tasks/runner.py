"""Dispatches one queue: due tasks, at its rate, up to its concurrency, with retries, as Cloud Tasks does."""

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from infra.local.tasks.faults import TaskFaults
from infra.local.tasks.journal import Journal
from infra.local.tasks.messages import PAUSED, Message, Queue, seconds, set_time
from infra.local.tasks.rate import TokenBucket
from infra.local.tasks.retry import next_wait, spent

NAME_KEPT_SECONDS = (
    3600.0  # how long the name of a task that is gone stays taken; the service keeps it about an hour or more
)
_STATUS_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4}
_UNKNOWN = 2
_DEADLINE_EXCEEDED = 4
_SUCCESS = range(200, 300)


@dataclass(slots=True)
class Entry:
    """A task that waits or runs. `named`: its creator chose the name, which therefore stays reserved afterwards."""

    message: Message
    named: bool
    due: float  # Unix seconds
    order: int = 0
    running: int = 0
    gone: bool = False
    previous_status: int | None = None  # of HTTP; the API keeps it nowhere, the worker sees it in a header


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt brought: an HTTP status, or none when nothing came back in time."""

    status: int | None
    retry_after: float | None = None
    detail: str = ""


Deliver = Callable[[Entry], Awaitable[Outcome]]


class QueueRunner:
    """One queue's tasks in memory, and the loop that dispatches them."""

    def __init__(
        self,
        message: Message,
        *,
        journal: Journal,
        deliver: Deliver,
        faults: Callable[[], TaskFaults],
        reserve: Callable[[str, float], None],
    ) -> None:
        """Take the queue's settings; `reserve(name, until)` keeps the name of a finished task taken."""
        self.entries: dict[str, Entry] = {}
        self.running = 0
        self._journal = journal
        self._deliver = deliver
        self._faults = faults
        self._reserve = reserve
        self._heap: list[tuple[float, int, Entry]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()
        self.configure(message)

    def configure(self, message: Message) -> None:
        """Take new settings; running attempts go on."""
        self.message: Message = Queue()
        self.message.CopyFrom(message)
        limits = message.rate_limits
        self._bucket = TokenBucket(
            rate=limits.max_dispatches_per_second, burst=limits.max_burst_size, now=time.monotonic()
        )
        self._wake.set()

    def add(self, entry: Entry) -> None:
        """Let a durable task wait for its time."""
        entry.order = next(self._order)
        self.entries[entry.message.name] = entry
        self._push(entry)

    def remove(self, name: str) -> None:
        """Forget a task that is done, deleted or given up; a running attempt ends without effect."""
        entry = self.entries.pop(name)
        entry.gone = True
        until = time.time() + NAME_KEPT_SECONDS if entry.named else None
        if until is not None:
            self._reserve(name, until)
        self._journal.drop_task(name, reserved_until=until)

    def run_now(self, entry: Entry) -> None:
        """Attempt a task at once, whatever the queue's limits and state say (RunTask)."""
        self._start(entry)

    async def run(self) -> None:
        """Dispatch until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            wait = self._dispatch_due()
            timer = None if wait is None else loop.call_later(wait, self._wake.set)
            await self._wake.wait()
            if timer is not None:
                timer.cancel()

    async def stop(self) -> None:
        """End the running attempts; their tasks stay and are attempted again after a restart."""
        for attempt in self._attempts:
            attempt.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)

    def _push(self, entry: Entry) -> None:
        order, faults = entry.order, self._faults()
        if faults.reverse:  # what is due within one window waits for its end; then the newest comes first
            window = faults.reverse_window_ms / 1000
            entry.due, order = math.ceil(entry.due / window) * window, -order
        heapq.heappush(self._heap, (entry.due, order, entry))
        self._wake.set()

    def _dispatch_due(self) -> float | None:
        """Start what may start; seconds until the next look, None to wait for a change."""
        while self._heap and self.message.state != PAUSED:
            due, _, entry = self._heap[0]
            if self._is_stale(due, entry):
                heapq.heappop(self._heap)
                continue
            if (wait := due - time.time()) > 0:
                return wait
            if self.running >= self.message.rate_limits.max_concurrent_dispatches:
                return None  # the end of an attempt wakes the loop
            if not self._bucket.spend(time.monotonic()):
                return self._bucket.wait()
            heapq.heappop(self._heap)
            self._start(entry)
        return None

    @staticmethod
    def _is_stale(due: float, entry: Entry) -> bool:
        return entry.gone or entry.running > 0 or due != entry.due

    def _start(self, entry: Entry) -> None:
        faults = self._faults()
        if faults.happens(faults.drop_share):
            self.remove(entry.message.name)
            return
        now = time.time()
        message = entry.message
        message.dispatch_count += 1
        if message.dispatch_count == 1:
            set_time(message.first_attempt.dispatch_time, now)
        message.last_attempt.Clear()
        message.last_attempt.schedule_time.CopyFrom(message.schedule_time)
        set_time(message.last_attempt.dispatch_time, now)
        entry.running += 1
        self.running += 1
        self._follow(self._attempt(entry))
        if faults.happens(faults.duplicate_share):
            self._follow(self._duplicate(entry))

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        attempt = asyncio.create_task(work)
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)

    async def _duplicate(self, entry: Entry) -> None:
        await self._deliver(entry)

    async def _attempt(self, entry: Entry) -> None:
        try:
            outcome = await self._deliver(entry)
        finally:
            entry.running -= 1
            self.running -= 1
            self._wake.set()
        if entry.gone:
            return
        self._record(entry.message, outcome)
        if outcome.status in _SUCCESS:
            self.remove(entry.message.name)
            return
        self._retry_later(entry, outcome)

    @staticmethod
    def _record(message: Message, outcome: Outcome) -> None:
        status = message.last_attempt.response_status
        if outcome.status is None:
            status.code, status.message = _DEADLINE_EXCEEDED, outcome.detail
            return
        message.response_count += 1
        set_time(message.last_attempt.response_time, time.time())
        status.code = 0 if outcome.status in _SUCCESS else _STATUS_CODES.get(outcome.status, _UNKNOWN)
        status.message = f"HTTP status code {outcome.status}"

    def _retry_later(self, entry: Entry, outcome: Outcome) -> None:
        message = entry.message
        retry = message.retry_config if message.HasField("retry_config") else self.message.retry_config
        now = time.time()
        if spent(
            retry,
            attempts=message.dispatch_count,
            since_first_attempt=now - seconds(message.first_attempt.dispatch_time),
        ):
            self.remove(message.name)  # the service has no dead letters either
            return
        entry.previous_status = outcome.status
        entry.due = now + next_wait(retry, failures=message.dispatch_count, retry_after=outcome.retry_after)
        set_time(message.schedule_time, entry.due)
        self._journal.note_attempt(message.name, message.SerializeToString(), named=entry.named)
        self._push(entry)
