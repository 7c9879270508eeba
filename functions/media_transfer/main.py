"""Tasks of the queue `media`: one medium of a customer's message becomes a checked object in Cloud Storage, once.

A 200 means that there is nothing left to do now; what is tried again has its own task. Only our own trouble is a 503.
"""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.media_transfer.wiring import MediaFunction, MediaFunctionSettings
from shared.platform.boundary import answer_task
from shared.platform.settings import load

_settings = load(MediaFunctionSettings)  # what is missing is named when the instance starts
_function: MediaFunction | None = None


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """Do one task; connections are made by the first, for the process may have been forked before."""
    global _function  # noqa: PLW0603 - one per process
    _function = _function or MediaFunction(_settings)
    return await answer_task(request, _function.run, callers=_function.callers)
