"""webhook_intake as it runs in the cloud: a functions-framework process of its own, called over sockets."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from shared.channels.whatsapp.signature import sign
from tests.functions.webhook_intake.bodies import encoded
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY = Path(__file__).parents[3]
SECRET = b"the-app-secret-of-the-tests"
PREVIOUS_SECRET = b"the-app-secret-before-it"
INSTAGRAM_SECRET = b"the-secret-of-the-instagram-app"
VERIFY_TOKEN = "the verify token"  # noqa: S105 - a test's


class Post(Protocol):
    """Delivers a signed body to a path and returns the answer's status."""

    def __call__(self, raw: bytes, path: str = "/whatsapp") -> int: ...


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Function:
    """A running function; `log` is the file with everything that it printed."""

    port: int
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)

    def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = 15,
    ) -> Reply:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, target, body or None, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def post(
        self, raw: bytes, *, secret: bytes = SECRET, path: str = "/whatsapp", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Deliver a body signed as Meta does."""
        given = {
            "content-type": "application/json",
            "x-hub-signature-256": sign(raw, secret).decode(),
            **(headers or {}),
        }
        return self.request("POST", path, raw, given)

    def deliver(self, body: Any) -> Reply:
        """Deliver a JSON body."""
        return self.post(encoded(body))

    @contextlib.contextmanager
    def kept_alive(self) -> Iterator[Post]:
        """A connection that stays open: a function that delivers a signed body and returns the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

        def post(raw: bytes, path: str = "/whatsapp") -> int:
            connection.request("POST", path, raw, {"x-hub-signature-256": sign(raw, SECRET).decode()})
            answer = connection.getresponse()
            answer.read()
            return answer.status

        with contextlib.closing(connection):
            yield post

    def connect(self, *, timeout: float = 15) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def exchange(self, request: bytes, *, timeout: float = 15) -> bytes:
        """Send bytes as they are, and return all that comes until the other side closes (ask it to)."""
        with self.connect(timeout=timeout) as connection:
            with contextlib.suppress(ConnectionError):  # it may refuse before all is sent
                connection.sendall(request)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes or resets."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def raw_post(raw: bytes, *headers: bytes, length: bool = True) -> bytes:
    """A whole signed POST with these further header lines, the last of its connection."""
    lines = [
        b"POST /whatsapp HTTP/1.1",
        b"host: intake",
        b"connection: close",
        b"x-hub-signature-256: " + sign(raw, SECRET),
        *headers,
    ]
    if length:
        lines.append(b"content-length: %d" % len(raw))
    return b"\r\n".join(lines) + b"\r\n\r\n" + raw


@contextlib.contextmanager
def running(folder: Path, settings: Mapping[str, str]) -> Iterator[Function]:
    """Run the function with these settings until the block ends; `folder` takes its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "FUNCTION_USE_ASGI": "true", **settings}
    source = REPOSITORY / "functions" / "webhook_intake" / "main.py"
    command = [sys.executable, "-m", "functions_framework", f"--source={source}", "--target=handle"]
    log = folder / f"webhook_intake-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host=127.0.0.1", f"--port={port}"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    function = Function(port, log, environment, process)
    try:
        eventually(lambda: _listens(function), within=30)
        yield function
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _listens(function: Function) -> bool:
    if function.process.poll() is not None:
        raise RuntimeError(function.log.read_text(errors="replace"))
    with contextlib.suppress(OSError), function.connect(timeout=1):
        return True
    return False
