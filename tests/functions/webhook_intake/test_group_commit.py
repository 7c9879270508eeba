"""Group commit by itself: how groups form, what bounds them, and what each waiting request learns."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.webhook_intake import group_commit
from functions.webhook_intake.group_commit import ANOTHER_GROUP, GROUP_DELIVERIES, GroupCommit
from functions.webhook_intake.recording import Written
from shared.channels.deliveries import Delivery, WakeUp
from shared.kit.clock import utc_now
from shared.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence


class Disk:
    """Takes groups, one at a time; holds them while `open` is not set."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.open = threading.Event()
        self.open.set()
        self.at_once = 0
        self.outcome: Exception | None = None

    def write(self, deliveries: Sequence[Delivery]) -> Written:
        self.at_once += 1
        assert self.at_once == 1, "one group at a time"
        self.groups.append([delivery.raw for delivery in deliveries])
        self.open.wait(timeout=10)
        self.at_once -= 1
        wake_up = WakeUp(uuid4(), uuid4(), utc_now())
        return Written([self.outcome] * len(deliveries), [] if self.outcome else [wake_up])


def delivery(number: int, *, size: int = 0) -> Delivery:
    return Delivery(provider="whatsapp", raw=b"%d" % number + b"x" * size, verified_by="s", headers={})


async def all_have_arrived() -> None:
    """Let what is ready run, and what that makes ready."""
    for _ in range(3):
        await asyncio.sleep(0)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(work, 20))


def test_what_arrives_while_a_group_is_written_is_the_next_group() -> None:
    disk = Disk()
    disk.open.clear()

    async def work() -> None:
        group = GroupCommit(disk.write, wake=lambda _: None)
        waiting = [asyncio.ensure_future(group.record(delivery(number))) for number in range(150)]
        await all_have_arrived()
        disk.open.set()
        await asyncio.gather(*waiting)

    run(work())
    assert [len(written) for written in disk.groups] == [1, GROUP_DELIVERIES, GROUP_DELIVERIES, 150 - 1 - 128]
    assert [raw for written in disk.groups for raw in written] == [b"%d" % number for number in range(150)]


def test_another_group_is_written_beside_the_first_once_enough_wait() -> None:
    started = threading.Semaphore(0)
    go_on = threading.Event()
    sizes: list[int] = []

    def write(deliveries: Sequence[Delivery]) -> Written:
        sizes.append(len(deliveries))
        started.release()
        assert go_on.wait(timeout=10)
        return Written([None] * len(deliveries), [])

    async def work() -> None:
        group = GroupCommit(write, wake=lambda _: None, writers=2)
        waiting = [asyncio.ensure_future(group.record(delivery(number))) for number in range(ANOTHER_GROUP)]
        await all_have_arrived()
        assert await asyncio.to_thread(started.acquire, timeout=10)
        assert sizes == [1], "the others are too few for a group of their own"
        waiting += [asyncio.ensure_future(group.record(delivery(number))) for number in range(100, 200)]
        await all_have_arrived()
        assert await asyncio.to_thread(started.acquire, timeout=10)
        assert sizes == [1, ANOTHER_GROUP], "both are being written, and no third beside them"
        go_on.set()
        await asyncio.gather(*waiting)

    run(work())
    assert sum(sizes) == ANOTHER_GROUP + 100


def test_a_group_is_bounded_in_bytes_and_a_big_delivery_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "GROUP_BYTES", 1000)
    disk = Disk()
    disk.open.clear()

    async def work() -> None:
        group = GroupCommit(disk.write, wake=lambda _: None)
        sizes = (0, 400, 400, 400, 5000, 10)
        waiting = [asyncio.ensure_future(group.record(delivery(n, size=size))) for n, size in enumerate(sizes)]
        await all_have_arrived()
        disk.open.set()
        await asyncio.gather(*waiting)

    run(work())
    assert [len(written) for written in disk.groups] == [1, 2, 1, 1, 1]


def test_beyond_what_may_wait_the_answer_is_later_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "WAITING_DELIVERIES", 5)
    disk = Disk()
    disk.open.clear()

    async def work() -> list[Any]:
        group = GroupCommit(disk.write, wake=lambda _: None)
        waiting = [asyncio.ensure_future(group.record(delivery(number))) for number in range(10)]
        await all_have_arrived()
        refused = [task.done() for task in waiting]
        disk.open.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        return [refused, [isinstance(result, Unavailable) for result in results]]

    refused, unavailable = run(work())
    assert refused == unavailable == [False] * 6 + [True] * 4


def test_nobody_waits_longer_than_the_limit_and_what_was_given_up_is_not_written() -> None:
    disk = Disk()
    disk.open.clear()

    async def work() -> float:
        group = GroupCommit(disk.write, wake=lambda _: None, seconds=0.2)
        began = time.monotonic()
        results = await asyncio.gather(*(group.record(delivery(n)) for n in range(3)), return_exceptions=True)
        waited = time.monotonic() - began
        assert [type(result) for result in results] == [Unavailable] * 3
        disk.open.set()
        await group.record(delivery(3))
        return waited

    assert run(work()) < 5
    assert disk.groups == [[b"0"], [b"3"]], "1 and 2 will come again"


def test_each_request_learns_what_became_of_its_group() -> None:
    disk = Disk()
    disk.outcome = Unavailable("no", retry_after=7)

    async def work() -> Any:
        group = GroupCommit(disk.write, wake=lambda _: None)
        return await asyncio.gather(*(group.record(delivery(n)) for n in range(3)), return_exceptions=True)

    assert run(work()) == [disk.outcome] * 3


def test_a_defect_of_the_writer_reaches_the_requests_and_ends_nothing() -> None:
    def write(deliveries: Sequence[Delivery]) -> Written:
        if deliveries[0].raw == b"0":
            raise ZeroDivisionError
        return Written([None] * len(deliveries), [])

    async def work() -> None:
        group = GroupCommit(write, wake=lambda _: None)
        with pytest.raises(ZeroDivisionError):
            await group.record(delivery(0))
        await group.record(delivery(1))

    run(work())


def test_wake_ups_are_sent_after_the_answers_of_their_group() -> None:
    """C-06."""
    disk = Disk()
    order: list[str] = []

    async def request(group: GroupCommit, number: int) -> None:
        await group.record(delivery(number))
        order.append("answer")

    async def work() -> None:
        group = GroupCommit(disk.write, wake=lambda _: order.append("wake"))
        disk.open.clear()
        waiting = [asyncio.ensure_future(request(group, number)) for number in range(4)]
        await all_have_arrived()
        disk.open.set()
        await asyncio.gather(*waiting)
        await all_have_arrived()

    run(work())
    assert order == ["answer", "wake", "answer", "answer", "answer", "wake"]


def test_a_sender_that_goes_away_does_not_disturb_its_group() -> None:
    disk = Disk()
    disk.open.clear()

    async def work() -> None:
        group = GroupCommit(disk.write, wake=lambda _: None)
        waiting = [asyncio.ensure_future(group.record(delivery(number))) for number in range(4)]
        await all_have_arrived()
        waiting[0].cancel()
        waiting[2].cancel()
        disk.open.set()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False, True, False]

    run(work())
    assert disk.groups == [[b"0"], [b"1", b"3"]]
