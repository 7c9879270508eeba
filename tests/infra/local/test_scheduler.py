"""The clock of the local stack: when it fires, what it sends, and that it can be told to be quiet."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from infra.local.directory import Directory
from infra.local.fetch import Fetcher
from infra.local.scheduler import Job, NoSuchJob, Scheduler
from infra.local.tokens import TokenSigner
from infra.manifest import OnSchedule, load_manifest
from tests.infra.local.loop_thread import LoopThread
from tests.infra.local.task_server import ISSUER, KEY
from tests.infra.local.worker import Answer, Worker
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

SWEEP = load_manifest().functions["work_sweep"]
EACH_SECOND = OnSchedule(schedule="* * * * * *", time_zone="Etc/UTC")  # six fields: the first is seconds


class Clock:
    """A scheduler with one job that is due each second, and the worker that it calls."""

    def __init__(self, loop: LoopThread) -> None:
        self.loop = loop
        self.worker = Worker()
        loop.run(self.worker.start())
        loop.run(self._start())

    async def _start(self) -> None:
        directory = Directory(gateway=self.worker.url)
        self.fetcher = Fetcher(directory)
        self.scheduler = Scheduler(
            [dataclasses.replace(SWEEP, trigger=EACH_SECOND)],
            directory=directory,
            fetcher=self.fetcher,
            tokens=TokenSigner(private_key=KEY, issuer=ISSUER),
        )
        self.scheduler.start()

    async def stop(self) -> None:
        """End everything."""
        await self.scheduler.stop()
        await self.fetcher.close()
        await self.worker.stop()


@pytest.fixture
def clock() -> Iterator[Clock]:
    with LoopThread() as loop:
        clock = Clock(loop)
        yield clock
        loop.run(clock.stop())


def test_the_job_is_called_at_its_times_with_the_services_headers(clock: Clock) -> None:
    eventually(lambda: len(clock.worker.received) >= 2)
    first, second = clock.worker.received[:2]
    assert 0.5 < second.at - first.at < 1.9
    assert (first.method, first.path) == ("POST", "/work_sweep")
    assert first.headers["User-Agent"] == "Google-Cloud-Scheduler"
    assert first.headers["X-CloudScheduler"] == "true"
    assert first.headers["X-CloudScheduler-JobName"] == "work-sweep"
    assert first.headers["Authorization"].startswith("Bearer ey")
    firings = clock.scheduler.shown()["jobs"][0]["firings"]
    assert {(firing["cause"], firing["status"]) for firing in firings} == {("cron", 200)}


def test_a_firing_that_fails_is_not_repeated_and_one_that_still_runs_is_not_doubled(clock: Clock) -> None:
    clock.worker.answer = lambda _: Answer(status=500, after=1.2)
    eventually(lambda: len(clock.worker.received) >= 2)
    assert clock.worker.busiest == 1
    pauses = clock.worker.received[1].at - clock.worker.received[0].at
    assert pauses > 1.2


def test_a_silent_clock_fires_only_by_hand(clock: Clock) -> None:
    clock.scheduler.silent = True
    eventually(lambda: clock.worker.busy == 0)
    before = len(clock.worker.received)
    firings = clock.loop.run(clock.scheduler.fire("work_sweep", times=3))
    assert [(firing.cause, firing.status) for firing in firings] == [("hand", 200)] * 3
    assert len(clock.worker.received) == before + 3


def test_a_job_that_nobody_knows_is_refused_with_those_that_are_known(clock: Clock) -> None:
    with pytest.raises(NoSuchJob, match="known are work_sweep"):
        clock.loop.run(clock.scheduler.fire("nobody"))


def test_no_answer_is_noted(clock: Clock) -> None:
    clock.scheduler.silent = True
    clock.loop.run(clock.worker.stop())
    (firing,) = clock.loop.run(clock.scheduler.fire("work_sweep"))
    assert firing.status is None
    assert firing.detail


@pytest.mark.parametrize(
    ("zone", "schedule", "now", "due"),
    [
        ("America/Sao_Paulo", "0 3 * * *", "2026-11-24T12:00:00", "2026-11-25T06:00:00"),
        ("Etc/UTC", "* * * * *", "2026-11-24T12:00:30", "2026-11-24T12:01:00"),
        ("Europe/Lisbon", "30 1 * * *", "2026-10-25T00:00:00", "2026-10-25T00:30:00"),  # that hour comes twice that day
        ("Etc/UTC", "0 0 1 * *", "2026-12-31T23:59:59", "2027-01-01T00:00:00"),
    ],
)
def test_the_next_time_is_that_of_the_expression_in_its_zone(zone: str, schedule: str, now: str, due: str) -> None:
    job = Job(function=SWEEP, trigger=OnSchedule(schedule=schedule, time_zone=zone))
    found = job.next_time(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found.astimezone(UTC) == datetime.fromisoformat(due).replace(tzinfo=UTC)
