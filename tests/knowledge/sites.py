"""A web site and a model of vectors over HTTP, which answer as a test says."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.knowledge.embedding import HashedNgrams

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = "text/html; charset=utf-8"


@dataclass
class Site:
    """`pages`: path → (status, headers, body); `vectors` answers POST /v1/embeddings and Vertex's predict."""

    url: str = ""
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)  # of the next calls for vectors; then 200
    answer: bytes | None = None  # instead of vectors
    is_slow: bool = False  # every answer comes byte by byte
    as_digits: bool = False

    def put(self, path: str, body: str | bytes, *, content_type: str = HTML, status: int = 200, **headers: str) -> str:
        """Have a page and return its address."""
        raw = body.encode() if isinstance(body, str) else body
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (status, {"content-type": content_type, **given}, raw)
        return self.url + path

    def vectors(self, asked: dict[str, Any]) -> bytes:
        """What the model answers: the hashed vectors mirrored, so that no two models agree."""
        self.calls.append(asked)
        if self.answer is not None:
            return self.answer
        if "instances" in asked:
            texts = [item["content"] for item in asked["instances"]]
            found = mirrored(texts) * 3  # no unit length
            answer: dict[str, Any] = {
                "predictions": [
                    {"embeddings": {"values": each.tolist(), "statistics": {"token_count": 7, "truncated": False}}}
                    for each in found
                ]
            }
            return json.dumps(answer).encode()
        found = mirrored(asked["input"])
        data = [
            {"object": "embedding", "index": n, "embedding": each.tolist() if self.as_digits else _base64(each)}
            for n, each in enumerate(found)
        ]
        usage = {"prompt_tokens": 5 * len(data), "total_tokens": 5 * len(data)}
        return json.dumps({"data": data[::-1], "usage": usage}).encode()


def mirrored(texts: list[str]) -> Any:
    """The vectors of the model that the site plays."""
    return HashedNgrams().embed(texts)[:, ::-1]


def _base64(vector: Any) -> str:
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode()


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    """A running site."""
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            self._send(*site.pages.get(self.path, (404, {}, b"")))

        def do_POST(self) -> None:
            site.keys.append(self.headers.get("authorization"))
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status = site.statuses.pop(0) if site.statuses else 200
            self._send(status, {"content-type": "application/json"}, b"{}" if status != 200 else site.vectors(asked))

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "content-length" not in headers:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                if site.is_slow:
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(0.05)  # what is tested is that nobody waits for the end of this
                else:
                    self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
