"""An HTTP server that keeps what it receives and answers as a test says: a task's worker, a webhook's receiver."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Received:
    """One request; `at` in seconds of time.monotonic()."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Answer:
    """What to answer, and after how long."""

    status: int = 200
    after: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


class Worker:
    """Listens on a free port. `answer` says what each request gets."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], Answer] = lambda _: Answer()
        self.busy = 0
        self.busiest = 0
        self.url = ""
        self._runner: web.AppRunner | None = None

    def reset(self) -> None:
        """As new, for the next test."""
        self.received.clear()
        self.answer = lambda _: Answer()
        self.busiest = self.busy

    async def start(self) -> None:
        """Listen."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._receive)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        got = Received(request.method, request.path_qs, dict(request.headers), await request.read(), time.monotonic())
        self.received.append(got)
        answer = self.answer(got)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await asyncio.sleep(answer.after)
        finally:
            self.busy -= 1
        return web.Response(status=answer.status, headers=dict(answer.headers))
