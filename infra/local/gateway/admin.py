"""Commands to the queue and the scheduler: /tasks, /tasks/faults, /scheduler, /scheduler/fire."""

from dataclasses import asdict
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.fault_values import FaultRefused
from infra.local.gateway.parts import Parts
from infra.local.json_body import json_object
from infra.local.scheduler import NoSuchJob
from infra.local.tasks.faults import read_faults
from infra.local.tasks.messages import PAUSED
from infra.local.tasks.runner import QueueRunner

_MOST_FIRINGS = 100


class Admin:
    """The routes over the parts of one stack."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts."""
        self._engine = parts.engine
        self._scheduler = parts.scheduler

    def routes(self) -> list[Route]:
        """For the gateway's application."""
        return [
            Route("/tasks", self._queues, methods=["GET"]),
            Route("/tasks/faults", self._faults, methods=["GET"]),
            Route("/tasks/faults", self._set_faults, methods=["POST"]),
            Route("/scheduler", self._jobs, methods=["GET"]),
            Route("/scheduler", self._set_scheduler, methods=["POST"]),
            Route("/scheduler/fire", self._fire, methods=["POST"]),
        ]

    async def _queues(self, _: Request) -> Response:
        return JSONResponse({"queues": [queue_shown(runner) for runner in self._engine.queues()]})

    async def _faults(self, _: Request) -> Response:
        return JSONResponse(self._engine.faults.shown())

    async def _set_faults(self, request: Request) -> Response:
        try:
            self._engine.faults = read_faults(await json_object(request))
        except FaultRefused as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=400)
        return JSONResponse(self._engine.faults.shown())

    async def _jobs(self, _: Request) -> Response:
        return JSONResponse(self._scheduler.shown())

    async def _set_scheduler(self, request: Request) -> Response:
        """`{"silent": true}`: nothing is fired by the clock any more; false: it is again."""
        silent = (await json_object(request)).get("silent")
        if not isinstance(silent, bool):
            raise HTTPException(400, 'send {"silent": true} or {"silent": false}')
        self._scheduler.silent = silent
        return JSONResponse(self._scheduler.shown())

    async def _fire(self, request: Request) -> Response:
        """`{"job": "work_sweep", "times": 2}`: fire now, that often at once, and wait for the answers."""
        wanted = await json_object(request)
        job, times = wanted.get("job"), wanted.get("times", 1)
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= _MOST_FIRINGS:
            raise HTTPException(400, f"times = {times!r} must be a whole number from 1 to {_MOST_FIRINGS}")
        try:
            firings = await self._scheduler.fire(str(job), times=times)
        except NoSuchJob as refusal:
            raise HTTPException(404, str(refusal)) from refusal
        return JSONResponse({"firings": [asdict(firing) for firing in firings]})


def queue_shown(runner: QueueRunner) -> dict[str, Any]:
    """A queue's state as JSON."""
    return {
        "name": runner.message.name.rpartition("/")[2],
        "state": "paused" if runner.message.state == PAUSED else "running",
        "waiting": len(runner.entries) - runner.running,
        "running": runner.running,
    }
