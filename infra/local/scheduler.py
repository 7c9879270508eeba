"""Cloud Scheduler on one machine: calls scheduled functions by their cron expressions, with an OIDC token.

A firing that fails is not repeated, as is the service's default. It can be told to fire now, twice at once, or to be
silent.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from infra.local.directory import Directory
from infra.local.environment import SCHEDULER_ACCOUNT
from infra.local.fetch import Fetcher, NoAnswer
from infra.local.tokens import TokenSigner
from infra.manifest import Function, OnSchedule

_REMEMBERED = 20

_log = logging.getLogger(__name__)


class NoSuchJob(Exception):
    """No function with this name has a schedule; the message lists those that do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One call: when, by whom ('cron' or 'hand'), and the status that came back, None for no answer."""

    at: str
    cause: str
    status: int | None
    detail: str
    seconds: float


@dataclass(slots=True, kw_only=True)
class Job:
    """A scheduled function and its latest firings."""

    function: Function
    trigger: OnSchedule
    firings: deque[Firing] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def next_time(self, now: datetime) -> datetime:
        """The first time after `now` that the expression names, in its time zone."""
        return next(CronSim(self.trigger.schedule, now.astimezone(ZoneInfo(self.trigger.time_zone))))


class Scheduler:
    """All jobs of the manifest."""

    def __init__(
        self, functions: Iterable[Function], *, directory: Directory, fetcher: Fetcher, tokens: TokenSigner
    ) -> None:
        """Find the scheduled functions; nothing fires yet."""
        self.silent = False
        self._jobs = {
            function.name: Job(function=function, trigger=function.trigger)
            for function in functions
            if isinstance(function.trigger, OnSchedule)
        }
        self._directory = directory
        self._fetcher = fetcher
        self._tokens = tokens
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Wait for each job's next time from now on."""
        self._loops = [asyncio.create_task(self._follow(job), name=f"job {name}") for name, job in self._jobs.items()]

    async def stop(self) -> None:
        """Fire no more."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def fire(self, name: str, *, times: int = 1) -> list[Firing]:
        """Fire a job now, `times` times at once, even when silent.

        Raises:
            NoSuchJob: no function with this name has a schedule.
        """
        if (job := self._jobs.get(name)) is None:
            raise NoSuchJob(f"{name} is not a scheduled function; known are {', '.join(sorted(self._jobs)) or 'none'}")
        return list(await asyncio.gather(*(self._fire(job, cause="hand") for _ in range(times))))

    def shown(self) -> dict[str, Any]:
        """Jobs and their latest firings as JSON."""
        now = datetime.now(UTC)
        return {
            "silent": self.silent,
            "jobs": [
                {
                    "name": name,
                    "schedule": job.trigger.schedule,
                    "time_zone": job.trigger.time_zone,
                    "next": job.next_time(now).isoformat(),
                    "firings": [
                        {
                            "at": firing.at,
                            "cause": firing.cause,
                            "status": firing.status,
                            "detail": firing.detail,
                            "seconds": round(firing.seconds, 3),
                        }
                        for firing in reversed(job.firings)
                    ],
                }
                for name, job in sorted(self._jobs.items())
            ],
        }

    async def _follow(self, job: Job) -> None:
        while True:
            due = job.next_time(datetime.now(UTC))
            while (wait := due.timestamp() - time.time()) > 0:  # noqa: ASYNC110 - a long sleep may end early
                await asyncio.sleep(wait)
            if not self.silent:
                await self._fire(job, cause="cron")

    async def _fire(self, job: Job, *, cause: str) -> Firing:
        url = self._directory.function_url(job.function.name)
        now = datetime.now(UTC)
        headers = {
            "Authorization": f"Bearer {self._tokens.token(audience=url, email=SCHEDULER_ACCOUNT)}",
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.function.cloud_name,
            "X-CloudScheduler-ScheduleTime": now.isoformat(),
        }
        began = time.monotonic()
        status, detail = None, ""
        try:
            answer = await self._fetcher.call(
                "POST", url, headers=headers, body=b"", timeout_seconds=job.function.timeout_seconds
            )
            status = answer.status
        except NoAnswer as failure:
            detail = str(failure)
            _log.warning("%s was fired and gave no answer: %s", job.function.name, failure)
        firing = Firing(at=now.isoformat(), cause=cause, status=status, detail=detail, seconds=time.monotonic() - began)
        job.firings.append(firing)
        return firing
