"""Between HTTP and the handlers: reads requests within limits, and turns outcomes into answers, one way per trigger.

              returns   Rejected             Unavailable         anything else
    webhook   200       its own status       503, Retry-After    500, loud
    task      200       200, recorded        503, Retry-After    500, loud: the queue tries again
    schedule  200       200, recorded        503, Retry-After    500, loud

Handlers are plain functions, run in a thread; they know nothing of HTTP.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from shared.kit import bounded_json
from shared.kit.errors import Rejected, Unavailable
from shared.platform.body import SIZE_LIMIT, read_body
from shared.platform.logs import bind_trace, get_logger
from shared.platform.refusals import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from shared.platform.callers import Callers

TASK_SIZE_LIMIT = 64 * 1024  # bytes; a task holds ids, less than 1 kB
# refused before the body was read to its end: the rest must not be taken for the next request
_UNREAD = frozenset(("body_too_large", "body_too_slow", "encoding_not_accepted", "method_not_allowed"))
# refused before a handler saw the call: a queue hears of these, because its own settings are wrong
_AT_THE_DOOR = _UNREAD | {"caller_unknown", "caller_not_allowed"}

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """A call of the queue: the ids that it carries, its name, and how often it was tried before."""

    payload: Any
    name: str | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A call of a provider: headers have lower-case names, `query` is the part of the URL after "?"."""

    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    raw: bytes = field(repr=False)


async def answer_webhook(
    request: Request, take: Callable[[Delivery], object], *, size_limit: int = SIZE_LIMIT
) -> Response:
    """Give a provider's POST to `take`; what it returns is the answer's JSON (None: an empty 200)."""

    async def work() -> object:
        raw = await read_body(request.receive, request.headers, size_limit=size_limit)
        delivery = Delivery(request.url.path, request.url.query, request.headers, raw)
        return await run_in_threadpool(take, delivery)

    return await _answer(request, work, is_queued=False)


async def answer_task(request: Request, handle: Callable[[Task], object], *, callers: Callers) -> Response:
    """Give a task to `handle` once its caller is verified."""

    def work_in_thread(raw: bytes) -> object:
        callers.verify(request.headers.get("authorization"))
        tries = request.headers.get("x-cloudtasks-taskretrycount", "")
        task = Task(
            payload=_parse(raw),
            name=request.headers.get("x-cloudtasks-taskname"),
            tries=int(tries) if tries.isascii() and tries.isdigit() and len(tries) < 10 else 0,  # noqa: PLR2004
        )
        return handle(task)

    async def work() -> object:
        raw = await read_body(request.receive, request.headers, size_limit=TASK_SIZE_LIMIT)
        return await run_in_threadpool(work_in_thread, raw)

    return await _answer(request, work, is_queued=True)


async def answer_schedule(request: Request, run: Callable[[], object], *, callers: Callers) -> Response:
    """Run a scheduled job once its caller is verified."""

    def work_in_thread() -> object:
        callers.verify(request.headers.get("authorization"))
        return run()

    async def work() -> object:
        await read_body(request.receive, request.headers, size_limit=TASK_SIZE_LIMIT)
        return await run_in_threadpool(work_in_thread)

    return await _answer(request, work, is_queued=True)


def refuse(code: str, *, allow: str | None = None) -> Response:
    """Return the refusal of that code: its status, and a JSON body {"code", "message", "message_pt"}."""
    refusal = REFUSALS[code]
    body = {"code": code, "message": refusal.message, "message_pt": refusal.message_pt}
    headers = {"connection": "close"} if code in _UNREAD else {}
    if allow is not None:
        headers["allow"] = allow
    return _json(body, refusal.status, headers)


def put_off(unavailable: Unavailable) -> Response:
    """Return the 503 of a trouble of ours, with the seconds after which to come again."""
    response = refuse("unavailable")
    response.headers["retry-after"] = str(unavailable.retry_after)
    return response


async def _answer(request: Request, work: Callable[[], Awaitable[object]], *, is_queued: bool) -> Response:
    bind_trace(request.headers.get("x-cloud-trace-context"))
    if request.method != "POST":
        return refuse("method_not_allowed", allow="POST")
    try:
        result = await work()
    except Rejected as rejected:
        _log.warning("request refused", code=rejected.code, reason=rejected.message, path=request.url.path)
        if is_queued and rejected.code not in _AT_THE_DOOR:
            return _json({"code": rejected.code}, 200)
        return refuse(rejected.code)
    except Unavailable as unavailable:
        _log.warning("request put off", reason=unavailable.message, path=request.url.path)
        return put_off(unavailable)
    except Exception:  # noqa: BLE001 (the last place before the framework, which would show its own page)
        _log.exception("defect", path=request.url.path)
        return refuse("defect")
    return Response(status_code=200) if result is None else _json(result, 200)


def _parse(raw: bytes) -> Any:
    try:
        return bounded_json.parse(raw)
    except bounded_json.Unusable as unusable:
        raise Rejected("body_unusable", f"the body cannot be used: {unusable.reason}") from None


def _json(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    content = json.dumps(body, default=str).encode()
    return Response(content, status, headers, media_type="application/json")
