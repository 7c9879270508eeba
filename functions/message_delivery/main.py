"""Tasks of the queue deliveries: what waits in one conversation's outbox and no turn sends, in order.

A 200 means that there is nothing left to do now; what is due later has its own task. Only our own trouble is a 503.
"""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.message_delivery.wiring import DeliveryFunction, DeliveryFunctionSettings
from shared.platform.boundary import answer_task
from shared.platform.settings import load

_settings = load(DeliveryFunctionSettings)  # what is missing is named when the instance starts
_function: DeliveryFunction | None = None


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """Do one task; connections are made by the first, for the process may have been forked before."""
    global _function  # noqa: PLW0603 - one per process
    _function = _function or DeliveryFunction(_settings)
    return await answer_task(request, _function.run, callers=_function.callers)
