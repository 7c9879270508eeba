"""Graph's media calls and a media host over HTTP, which answer as a test says: late, short, wrong, elsewhere, never."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Medium:
    """What is behind one media id, and how it misbehaves."""

    data: bytes
    mime_type: str = "image/png"
    sha256: str | None = None
    size: int | None = None
    statuses: list[int] = field(default_factory=list)  # of the next calls for the id; then 200
    download_statuses: list[int] = field(default_factory=list)  # of the next downloads; then 200
    headers: dict[str, str] = field(default_factory=dict)
    redirect: str | None = None
    error: bytes = b"{}"  # with another status than 200
    url: str | None = None
    chunked: bool = False
    send_only: int | None = None  # bytes, then the connection is cut
    endless: bool = False
    pause_between: float = 0.0
    raw_answer: bytes | None = None  # to the call for the id
    gate: threading.Event | None = None  # the download waits for it after its first bytes
    lifetime: int | None = None  # downloads that one URL is good for


@dataclass
class Call:
    """One request that arrived."""

    path: str
    authorization: str | None
    status: int = 200


class MediaProvider:
    """The state of the server; `url` is both the Graph API's base and the host of the media."""

    def __init__(self) -> None:
        self.media: dict[str, Medium] = {}
        self.calls: list[Call] = []
        self.bytes_sent = 0
        self.pages: dict[str, bytes] = {}  # served as they are
        self.url = ""
        self._issued: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def graph_url(self) -> str:
        """The Graph API with a version."""
        return f"{self.url}/v24.0"

    def put(self, media_id: str, data: bytes, **how: Any) -> Medium:
        """Have a medium."""
        self.media[media_id] = Medium(data, **how)
        return self.media[media_id]

    def downloads(self) -> list[Call]:
        """The calls for bytes."""
        return [call for call in self.calls if call.path.startswith("/files/")]

    def resolutions(self) -> list[Call]:
        """The calls for a media id."""
        return [call for call in self.calls if call.path.startswith("/v24.0/")]

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        if request.path in self.pages:
            _plain(request, 200, self.pages[request.path])
            return
        call = Call(request.path, request.headers.get("Authorization"))
        with self._lock:
            self.calls.append(call)
        if request.path.startswith("/v24.0/"):
            self._resolve(request, call)
        elif request.path.startswith("/files/"):
            self._download(request, call)
        else:
            call.status = 404
            _plain(request, 404, b"{}")

    def _resolve(self, request: http.server.BaseHTTPRequestHandler, call: Call) -> None:
        media_id = request.path.rpartition("/")[2]
        medium = self.media.get(media_id)
        status = 404 if medium is None else medium.statuses.pop(0) if medium.statuses else 200
        call.status = status
        if medium is None or status != 200:
            _plain(request, status, medium.error if medium else b"{}", medium.headers if medium else {})
            return
        with self._lock:
            issue = self._issued[media_id] = self._issued.get(media_id, 0) + 1
        described = {
            "url": medium.url or f"{self.url}/files/{media_id}/{issue}",
            "mime_type": medium.mime_type,
            "sha256": medium.sha256,
            "file_size": len(medium.data) if medium.size is None else medium.size,
            "id": media_id,
        }
        _plain(request, 200, medium.raw_answer or json.dumps(described).encode())

    def _download(self, request: http.server.BaseHTTPRequestHandler, call: Call) -> None:
        _, _, media_id, issue = request.path.split("/")
        medium = self.media[media_id]
        if int(issue) != self._issued.get(media_id, 0) and medium.lifetime is not None:
            call.status = 404
            _plain(request, 404, b"")
            return
        call.status = medium.download_statuses.pop(0) if medium.download_statuses else 200
        if medium.redirect is not None:
            call.status = 302
            _plain(request, 302, b"", {"Location": medium.redirect})
        elif call.status != 200:
            _plain(request, call.status, b"", medium.headers)
        else:
            self._send(request, medium)

    def _send(self, request: http.server.BaseHTTPRequestHandler, medium: Medium) -> None:
        gate = medium.gate
        request.send_response(200)
        for name, value in medium.headers.items():
            request.send_header(name, value)
        if medium.chunked or medium.endless:
            request.send_header("Transfer-Encoding", "chunked")
        elif "Content-Length" not in medium.headers:
            request.send_header("Content-Length", str(len(medium.data)))
        request.end_headers()
        # what the kernel takes before anybody reads is not what was read
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        with contextlib.suppress(OSError):
            for piece in _pieces(medium):
                framed = b"%x\r\n%s\r\n" % (len(piece), piece) if medium.chunked or medium.endless else piece
                request.wfile.write(framed)
                self.bytes_sent += len(piece)
                if gate is not None:
                    gate.wait(20)
                time.sleep(medium.pause_between)
            if medium.chunked and medium.send_only is None:
                request.wfile.write(b"0\r\n\r\n")
        request.close_connection = True


def _pieces(medium: Medium) -> Iterator[bytes]:
    data = medium.data if medium.send_only is None else medium.data[: medium.send_only]
    while True:
        for begin in range(0, len(data), 65_536):
            yield data[begin : begin + 65_536]
        if not medium.endless:
            return


def _plain(
    request: http.server.BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
) -> None:
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


@contextlib.contextmanager
def serving() -> Iterator[MediaProvider]:
    """A provider that listens on this machine."""
    provider = MediaProvider()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            provider.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
