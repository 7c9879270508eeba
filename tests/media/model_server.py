"""OpenAI's calls for transcripts and descriptions over HTTP, which answer as a test says: cut, endless, never."""

from __future__ import annotations

import contextlib
import email.parser
import email.policy
import http.server
import json
import select
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Asked:
    """One request that arrived."""

    path: str
    authorization: str | None
    mime_type: str
    body: bytes

    @property
    def question(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def parts(self) -> dict[str, tuple[str | None, str, Any]]:
        """The body as a form: name → file name, type, bytes."""
        head = f"Content-Type: {self.mime_type}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        return {
            str(part.get_param("name", header="content-disposition")): (
                part.get_filename(),
                part.get_content_type(),
                part.get_payload(decode=True),
            )
            for part in form.iter_parts()
        }


@dataclass
class ModelServer:
    """How it answers, and what it was asked. `url` has the API's version."""

    words: str | None = "bom dia, tem pão?"
    usage: Any = None
    status: int = 200
    raw: bytes | None = None  # the answer's body, instead of words
    misbehaviour: str | None = None  # silent, dripping, cut, endless, elsewhere
    finish_reason: str = "stop"
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        headers = request.headers
        self.asked.append(Asked(request.path, headers["Authorization"], headers["Content-Type"], body))
        request.close_connection = True
        with contextlib.suppress(OSError):
            misbehave = {"silent": self._silent, "dripping": self._dripping, "cut": self._cut, "endless": self._endless}
            misbehave.get(self.misbehaviour or "", self._plain)(request)

    def _plain(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = self._body(request.path)
        request.send_response(self.status)
        if self.misbehaviour == "elsewhere":
            request.send_header("Location", f"{self.url}/elsewhere")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _silent(self, request: http.server.BaseHTTPRequestHandler) -> None:
        _has_left(request, within=60.0)

    def _dripping(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not _has_left(request, within=0.1):
            request.wfile.write(b"x")

    def _cut(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"text": "bom')

    def _endless(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"text": "')
        for _ in range(1000):
            request.wfile.write(b"canary " * 10_000)

    def _body(self, path: str) -> bytes:
        if self.raw is not None:
            return self.raw
        if path.endswith("/audio/transcriptions"):
            said: dict[str, Any] = {"text": self.words}
        else:
            message = {"role": "assistant", "content": self.words}
            said = {"choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason}]}
        return json.dumps(said | ({} if self.usage is None else {"usage": self.usage})).encode()


def _has_left(request: http.server.BaseHTTPRequestHandler, *, within: float) -> bool:
    """Whether the client ends the connection within these seconds; it has nothing more to send."""
    readable, _, _ = select.select([request.connection], [], [], within)
    return bool(readable)


@contextlib.contextmanager
def serving_models() -> Iterator[ModelServer]:
    """A server that listens on this machine."""
    models = ModelServer()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            models.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    models.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield models
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
