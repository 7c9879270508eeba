"""Functions under measurement run as they do in the cloud: one functions-framework process each, on a free port."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
START_SECONDS = 30
CONTESTANTS = Path(__file__).parent / "contestants"
LOGS = REPOSITORY / "build" / "benchmarks"


@dataclass(frozen=True, slots=True)
class Host:
    """A running function."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path | None = None


def source_of(function: str) -> Path:
    """The entry point of one of the project's functions."""
    return REPOSITORY / "functions" / function / "main.py"


def free_port() -> int:
    """Return a TCP port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    source: Path,
    *,
    port: int,
    asynchronous: bool,
    settings: Mapping[str, str] | None = None,
    python: Sequence[str] = (sys.executable,),
) -> Host:
    """Start a function and return at once; the caller waits with `wait_until_listening` and ends it with `stop`.

    `python` is an interpreter and its options. What the function writes goes to a file in build/benchmarks.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        **({"PYTHONPATH": str(REPOSITORY)} if source.is_relative_to(REPOSITORY) else {}),
        **({"FUNCTION_USE_ASGI": "true"} if asynchronous else {}),
        **(settings or {}),
    }
    command = [*python, "-m", "functions_framework", f"--source={source}", "--target=handle"]
    command += ["--host=127.0.0.1", f"--port={port}"]
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{source.parent.name}-{source.stem}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env=environment, cwd=source.parent, stdout=file, stderr=file, start_new_session=True
        )
    return Host(port, process, log)


def wait_until_listening(host: Host) -> None:
    """Return when the port takes connections; raises when the process ended or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if host.process.poll() is not None:
            raise RuntimeError(
                f"the function ended with {host.process.returncode} before it listened: {last_words(host)}"
            )
        try:
            socket.create_connection(("127.0.0.1", host.port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.005)  # polls an event that has no other sign
        else:
            return
    raise RuntimeError(f"the function did not listen within {START_SECONDS} s")


def last_words(host: Host, *, characters: int | None = 2000) -> str:
    """The end of what the function wrote, or all of it."""
    written = host.log.read_text(errors="replace") if host.log else ""
    return written if characters is None else written[-characters:]


def stop(host: Host) -> None:
    """End the process and its workers."""
    host.process.send_signal(signal.SIGTERM)
    try:
        host.process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(host.process.pid, signal.SIGKILL)
        host.process.wait()


@contextmanager
def hosted(source: Path, *, asynchronous: bool, settings: Mapping[str, str] | None = None) -> Iterator[Host]:
    """Run a function for the length of the block."""
    host = start(source, port=free_port(), asynchronous=asynchronous, settings=settings)
    try:
        wait_until_listening(host)
        yield host
    finally:
        stop(host)
