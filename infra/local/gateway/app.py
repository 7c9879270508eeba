"""The gateway's paths. `/<function>/…` goes to the function; everything else is the stack's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from infra.local.directory import Directory
from infra.local.gateway.admin import Admin, queue_shown
from infra.local.gateway.parts import Parts
from infra.local.gateway.proxy import Proxy, Receive, Scope, Send
from infra.manifest import Function

_STORAGE_SECONDS = 60.0
_LINES_SHOWN = 60
_PAGE_FILE = Path(__file__).with_name("page.html")


class Gateway:
    """One ASGI application over all parts of a stack."""

    def __init__(self, *, functions: Mapping[str, Function], directory: Directory, proxy: Proxy, parts: Parts) -> None:
        """Take the parts; they may still be starting."""
        self._functions = functions
        self._directory = directory
        self._proxy = proxy
        self._parts = parts
        self._own = Starlette(
            routes=[
                Route("/", self._page),
                Route("/healthz", self._health),
                Route("/overview", self._overview),
                Route("/oidc/certs", self._certs),
                Mount("/sandbox/meta", app=parts.meta.router),
                Mount("/sandbox/models", app=parts.models.router),
                *Admin(parts).routes(),
            ],
            exception_handlers={HTTPException: refusal},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route by the first part of the path."""
        if scope["type"] == "http":
            name = scope["path"].split("/", 2)[1]
            if (function := self._functions.get(name)) is not None:
                limit = float(function.timeout_seconds)
                await self._proxy.to_function(name, scope, receive, send, timeout_seconds=limit)
                return
            if name == "storage":
                storage = self._parts.storage.url
                await self._proxy.to_address(storage, name, scope, receive, send, timeout_seconds=_STORAGE_SECONDS)
                return
        await self._own(scope, receive, send)

    async def _page(self, _: Request) -> Response:
        return HTMLResponse(_PAGE_FILE.read_bytes())

    async def _health(self, _: Request) -> Response:
        waiting = sorted(set(self._functions) - self._directory.ready)
        return JSONResponse({"ready": not waiting, "waiting": waiting}, status_code=503 if waiting else 200)

    async def _certs(self, _: Request) -> Response:
        return JSONResponse(self._parts.tokens.certs(), headers={"Cache-Control": "public, max-age=600"})

    async def _overview(self, _: Request) -> Response:
        return JSONResponse(
            {
                "functions": [
                    {
                        "name": name,
                        "description": function.description,
                        "trigger": function.trigger.type,
                        "url": self._directory.function_url(name),
                        "ready": name in self._directory.ready,
                    }
                    for name, function in self._functions.items()
                ],
                "queues": [queue_shown(runner) for runner in self._parts.engine.queues()],
                "jobs": self._parts.scheduler.shown()["jobs"],
                "chat": self._chat(),
            }
        )

    def _chat(self) -> list[dict[str, Any]]:
        """The latest messages through the sandbox, in both directions, oldest first."""
        record = self._parts.sandbox.record
        lines = [
            {
                "time": call.time,
                "with": call.to,
                "text": call.body or f"[{call.type}]",
                "ours": True,
                **record.progress(call),
            }
            for call in record.calls[-_LINES_SHOWN:]
        ]
        lines += [
            {
                "time": inbound.time,
                "with": inbound.customer,
                "name": inbound.name,
                "text": inbound.text,
                "ours": inbound.author == "business",
            }
            for inbound in record.inbound[-_LINES_SHOWN:]
            if inbound.text is not None
        ]
        return sorted(lines, key=lambda line: str(line["time"]))[-_LINES_SHOWN:]


async def refusal(_: Request, error: Exception) -> Response:
    """A refusal of the stack's own paths, as JSON that says what is wrong."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)
