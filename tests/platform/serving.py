"""A real server for a handler of requests, in a thread of the test."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.requests import Request
    from starlette.responses import Response

EVERY_METHOD = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"]  # as functions-framework routes


@contextlib.contextmanager
def serve(handle: Callable[[Request], Awaitable[Response]]) -> Iterator[int]:
    """The port on which `handle` answers every path and method."""
    app = Starlette(routes=[Route("/{path:path}", handle, methods=EVERY_METHOD)])
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def exchange(port: int, request: bytes, *, wait: float = 5.0) -> bytes:
    """Send raw bytes and read until the server closes, or says nothing for `wait` seconds."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as client:
        answer = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            client.sendall(request)
        with contextlib.suppress(ConnectionError, TimeoutError):
            while piece := client.recv(65536):
                answer += piece
    return answer
