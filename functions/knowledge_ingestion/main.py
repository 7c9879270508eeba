"""Tasks of the queue `knowledge`: a document becomes an entry with its chunks, once; vectors change; objects go.

A 200 means that there is nothing left to do now; what is tried again has its own task. Only our own trouble is a 503.
"""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.knowledge_ingestion.wiring import KnowledgeFunction, KnowledgeFunctionSettings
from shared.platform.boundary import answer_task
from shared.platform.settings import load

_settings = load(KnowledgeFunctionSettings)  # what is missing is named when the instance starts
_function: KnowledgeFunction | None = None


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """Do one task; connections are made by the first, for the process may have been forked before."""
    global _function  # noqa: PLW0603 - one per process
    _function = _function or KnowledgeFunction(_settings)
    return await answer_task(request, _function.run, callers=_function.callers)
