"""Webhooks of the providers, over public HTTP: a 2xx means that every item of the delivery is committed once.

Nothing but the database is waited for before the answer: no model, no media, no Graph call, no queue.
"""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from functions.webhook_intake.handler import Incoming, answer
from functions.webhook_intake.wiring import Intake, IntakeSettings
from shared.kit.errors import Rejected, Unavailable
from shared.platform.body import read_body
from shared.platform.boundary import put_off, refuse
from shared.platform.logs import bind_trace, get_logger
from shared.platform.settings import load

_log = get_logger(__name__)
_settings = load(IntakeSettings)  # what is missing is named when the instance starts, not when a provider calls
_intake: Intake | None = None
_ACCEPTED = Response()  # the same for all, made once


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """Answer one request; the first one makes connections and threads, for the process may have been forked before."""
    global _intake  # noqa: PLW0603 - one per process
    _intake = _intake or Intake(_settings)
    scope = request.scope
    incoming = Incoming(
        scope["method"],
        scope["path"],
        scope["query_string"],
        scope["headers"],
        lambda: read_body(request.receive, request.headers),
    )
    try:
        challenge = await answer(incoming, providers=_intake.providers, record=_intake.record)
    except Exception as failure:  # noqa: BLE001 - the last place before the framework, which would answer 500
        return _failed(request, failure)
    return _ACCEPTED if challenge is None else Response(challenge, media_type="text/plain")


def _failed(request: Request, failure: Exception) -> Response:
    bind_trace(request.headers.get("x-cloud-trace-context"))
    path = request.url.path
    if isinstance(failure, Rejected):
        _log.warning("request refused", code=failure.code, reason=failure.message, path=path)
        return refuse(failure.code, allow="GET, POST" if failure.code == "method_not_allowed" else None)
    if isinstance(failure, Unavailable):
        _log.warning("request put off", reason=failure.message, path=path)
        return put_off(failure)
    _log.error("defect", path=path, exc_info=failure)
    return put_off(Unavailable("a defect", retry_after=60))
