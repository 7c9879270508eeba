"""Group commit: the deliveries of concurrent requests are written together, in one transaction and one round trip.

While one group is being written the next one gathers, so the group's size follows the load by itself: one under little
load, dozens under much. What waits is bounded; beyond the bound the answer is "try later" at once.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from functions.webhook_intake.recording import Written
from shared.channels.deliveries import Delivery, Transfer, WakeUp
from shared.kit.errors import Unavailable

GROUP_DELIVERIES = 64  # a larger group saves little more per delivery, and makes all of it wait longer
WRITERS = 2  # under much load one group is prepared while another is with the database: a fifth more requests a second
ANOTHER_GROUP = 32  # deliveries that must wait for a group beside the one being written; smaller groups would cost more
GROUP_BYTES = 4 * 1024 * 1024  # raw; one delivery of any allowed size still fits
WAITING_DELIVERIES = 1024
WAITING_BYTES = 32 * 1024 * 1024  # with base64 and JSON copies well within the instance's 512 MB
SECONDS_LIMIT = 2.5  # from arrival to answer; with the rest of the request it stays under 3 s

WriteGroup = Callable[[Sequence[Delivery]], Written]
"""Writes deliveries; blocks until all are committed or given up."""


class GroupCommit:
    """Belongs to one event loop; `write` runs in threads of its own, one for each group at the same time."""

    def __init__(
        self,
        write: WriteGroup,
        *,
        wake: Callable[[Sequence[WakeUp | Transfer]], None],
        seconds: float = SECONDS_LIMIT,
        writers: int = 1,
    ) -> None:
        """Take what it needs.

        Args:
            write: writes a group.
            wake: told of conversations to wake, and files to fetch, once the answers of their group are on their way;
                must not block.
            seconds: the longest wait of one delivery.
            writers: groups that may be written at the same time; no more than the database has connections.
        """
        self._write = write
        self._wake = wake
        self._seconds = seconds
        self._writers = writers
        self._threads = ThreadPoolExecutor(max_workers=writers, thread_name_prefix="group-commit")
        self._waiting: deque[tuple[Delivery, asyncio.Future[None]]] = deque()
        self._waiting_bytes = 0
        self._writing = 0  # groups

    async def record(self, delivery: Delivery) -> None:
        """Return when the delivery is committed.

        Raises:
            Unavailable: too much is waiting, it took too long, or the database cannot do it now.
        """
        size = len(delivery.raw)
        if len(self._waiting) >= WAITING_DELIVERIES or self._waiting_bytes + size > WAITING_BYTES:
            raise Unavailable("too many deliveries are waiting to be written", retry_after=1)
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.append((delivery, written))
        self._waiting_bytes += size
        self._write_next()
        limit = loop.call_later(self._seconds, _give_up, written)
        try:
            await written
        finally:
            limit.cancel()

    def close(self) -> None:
        """Let the groups that are being written finish."""
        self._threads.shutdown()

    def _write_next(self) -> None:
        if self._writing == self._writers or len(self._waiting) < (ANOTHER_GROUP if self._writing else 1):
            return
        group = self._take_group()
        if not group:
            return
        self._writing += 1
        writing = asyncio.get_running_loop().run_in_executor(
            self._threads, self._write, [member for member, _ in group]
        )
        writing.add_done_callback(lambda done: self._settle(group, done))

    def _take_group(self) -> list[tuple[Delivery, asyncio.Future[None]]]:
        group: list[tuple[Delivery, asyncio.Future[None]]] = []
        size = 0
        while self._waiting and len(group) < GROUP_DELIVERIES:
            delivery, written = self._waiting[0]
            if group and size + len(delivery.raw) > GROUP_BYTES:
                break
            self._waiting.popleft()
            self._waiting_bytes -= len(delivery.raw)
            if not written.done():  # nobody waits any more for one that was given up or whose sender went away
                group.append((delivery, written))
                size += len(delivery.raw)
        return group

    def _settle(self, group: Sequence[tuple[Delivery, asyncio.Future[None]]], done: asyncio.Future[Written]) -> None:
        self._writing -= 1
        self._write_next()  # first, so that the thread is not idle while the answers go out
        failure = done.exception()
        outcomes = done.result().outcomes if failure is None else [failure] * len(group)
        for (_, written), outcome in zip(group, outcomes, strict=True):
            if written.done():
                continue
            if outcome is None:
                written.set_result(None)
            else:
                written.set_exception(outcome)
        if failure is None and done.result().wake_ups:
            # runs after what the results above have set going, and that writes the answers without waiting
            asyncio.get_running_loop().call_soon(self._wake, done.result().wake_ups)


def _give_up(written: asyncio.Future[None]) -> None:
    if not written.done():
        written.set_exception(Unavailable("the delivery could not be written in time"))
