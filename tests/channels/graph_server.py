"""A server in the place of the Graph API, which answers as a test says, and what it received."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ACCEPTED: dict[str, Any] = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "5511"}],
    "messages": [{"id": "wamid.1"}],
}


@dataclass
class Provider:
    """What the server received, and how it answers: `behave` writes to the handler."""

    url: str = ""
    received: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    behave: Callable[[BaseHTTPRequestHandler], None] = lambda handler: answer(handler, 200, ACCEPTED)


def answer(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any] | bytes) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


def refusal(code: int, message: str = "no", **extra: object) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **extra}}


@contextmanager
def serving(provider: Provider) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            provider.received.append((self.path, dict(self.headers), {}))
            provider.behave(self)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            provider.received.append((self.path, dict(self.headers), body))
            provider.behave(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
