"""Tasks of the queue agent-turns: one conversation's due work, with at most one reply per burst.

A 200 means that there is nothing left to do now; what is due later has its own task. Only our own trouble is a 503.
"""

from functools import partial

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.agent_execution.responding import knowledge_responder
from functions.agent_execution.wiring import TurnFunction, TurnFunctionSettings
from shared.platform.boundary import answer_task
from shared.platform.settings import load

_settings = load(TurnFunctionSettings)  # what is missing is named when the instance starts
_function: TurnFunction | None = None


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """Do one task; connections are made by the first, for the process may have been forked before."""
    global _function  # noqa: PLW0603 - one per process
    _function = _function or TurnFunction(
        _settings, make_responder=partial(knowledge_responder, embedding=_settings, models=_settings)
    )
    return await answer_task(request, _function.run, callers=_function.callers)
