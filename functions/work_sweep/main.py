"""Each minute: everything that is stored but not moving is settled or woken, whatever was lost or killed before.

A 200 carries the counts; two sweeps at once are harmless.
"""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.work_sweep.wiring import SweepFunction, SweepSettings
from shared.platform.boundary import answer_schedule
from shared.platform.settings import load

_settings = load(SweepSettings)  # what is missing is named when the instance starts
_function: SweepFunction | None = None


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """Run one sweep; connections are made by the first, for the process may have been forked before."""
    global _function  # noqa: PLW0603 - one per process
    _function = _function or SweepFunction(_settings)
    return await answer_schedule(request, _function.run, callers=_function.callers)
