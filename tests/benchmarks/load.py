"""The load generator: a process of its own that sends requests rendered beforehand over kept-alive connections.

As a program (`python -m tests.benchmarks.load`) it reads a file of requests, drives one server in a closed loop and
prints what it saw as JSON. `drive()` starts that program. It costs about 20 µs of processor time a request, because it
shares the machine with what it measures.
"""

import argparse
import asyncio
import json
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop

_LENGTH = struct.Struct(">I")
_CONTENT_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How hard and how long (seconds) a server is driven."""

    clients: int = 64
    seconds: float = 4
    warm_up: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one drive saw."""

    statuses: dict[str, int]  # of all complete answers, also of the warm-up; the rest is without it
    seconds: float  # measured
    requests_per_second: float
    milliseconds_p50: float
    milliseconds_p99: float
    reconnects: int


def write_requests(path: Path, requests: Iterable[bytes]) -> None:
    """Write whole HTTP requests, each after its length as four bytes."""
    with path.open("wb") as file:
        for request in requests:
            file.write(_LENGTH.pack(len(request)))
            file.write(request)


def drive(port: int, requests: Path, *, pace: Pace, repeat: bool = False) -> Load:
    """Drive the server on `port` and return what was seen.

    When the requests run out before the time is over it ends there; with `repeat` it begins with the first again.
    """
    arguments = [f"--port={port}", f"--requests={requests}", f"--clients={pace.clients}", f"--seconds={pace.seconds}"]
    arguments += [f"--warm-up={pace.warm_up}", *(["--repeat"] if repeat else [])]
    command = [sys.executable, "-m", "tests.benchmarks.load", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the load generator failed: {done.stderr.strip()[-2000:]}")
    return Load(**json.loads(done.stdout))


@dataclass(slots=True)
class _Observations:
    """Filled by all clients of one process."""

    begins: float  # of the measured time, on time.perf_counter()
    ends: float
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    reconnects: int = 0


class _Client(asyncio.Protocol):
    """One kept-alive connection: the next request leaves when the answer to the last is complete."""

    def __init__(self, requests: Iterator[bytes], seen: _Observations, closed: asyncio.Queue[None]) -> None:
        self._requests = requests
        self._seen = seen
        self._closed = closed
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is not a subclass
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        if self._sent_at >= self._seen.ends:
            self._transport.close()
            return
        try:
            self._transport.write(next(self._requests))
        except StopIteration:
            self._seen.ends = min(self._seen.ends, self._sent_at)
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or len(self._buffer) < head + 4 + _content_length(self._buffer[:head]):
            return
        now = time.perf_counter()
        self._seen.statuses[self._buffer[9:12].decode()] += 1
        if self._seen.begins <= now <= self._seen.ends:
            self._seen.latencies.append(now - self._sent_at)
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._closed.put_nowait(None)


def _content_length(head: bytes) -> int:
    """The length that an answer's head declares; 0 without one."""
    lower = head.lower()
    at = lower.find(_CONTENT_LENGTH)
    return int(lower[at + len(_CONTENT_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def _run(requests: Iterator[bytes], options: argparse.Namespace) -> _Observations:
    """Keep the wished number of connections busy until the time is over."""
    begins = time.perf_counter() + options.warm_up
    seen = _Observations(begins=begins, ends=begins + options.seconds)
    closed: asyncio.Queue[None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for _ in range(options.clients):
        await loop.create_connection(lambda: _Client(requests, seen, closed), "127.0.0.1", options.port)
    left = options.clients
    while left:
        await asyncio.wait_for(closed.get(), options.seconds + options.warm_up + 30)
        if time.perf_counter() < seen.ends:
            seen.reconnects += 1
            await loop.create_connection(lambda: _Client(requests, seen, closed), "127.0.0.1", options.port)
        else:
            left -= 1
    return seen


def _read_requests(path: Path, *, repeat: bool) -> Iterator[bytes]:
    """Yield the requests of a file, for ever if wished."""
    content, at, requests = path.read_bytes(), 0, []
    while at < len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        requests.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    yield from requests
    while repeat:
        yield from requests


def _summary(seen: _Observations) -> dict[str, Any]:
    """The fields of `Load`."""
    latencies = sorted(seen.latencies)
    if not latencies:
        raise RuntimeError("no answer came in the measured time")
    return {
        "seconds": seen.ends - seen.begins,
        "requests_per_second": len(latencies) / (seen.ends - seen.begins),
        "milliseconds_p50": 1000 * latencies[len(latencies) // 2],
        "milliseconds_p99": 1000 * latencies[int(len(latencies) * 0.99)],
        "statuses": dict(seen.statuses),
        "reconnects": seen.reconnects,
    }


def main() -> None:
    """Read the command line, drive, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--repeat", action="store_true")
    options = parser.parse_args()
    requests = _read_requests(options.requests, repeat=options.repeat)
    seen = uvloop.run(_run(requests, options))
    sys.stdout.write(json.dumps(_summary(seen)))


if __name__ == "__main__":
    main()
