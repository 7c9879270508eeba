"""A stack with toy functions as a program of its own, to be stopped and killed: python -m … FOLDER [PORT]."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import uvloop
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.stack import LocalStack, StackOptions
from tests.infra.local.toy_functions import write_toys
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_SECONDS = 90


async def _run(folder: Path, port: int) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    options = StackOptions(
        data_dir=folder / "data",
        port=port,
        ready_file=folder / "ready.json",
        manifest=write_toys(folder),
        environment={"tick": {"TICKS": str(folder / "ticks")}, "echo": {"TOYS": str(folder)}},
    )
    async with LocalStack(options) as stack:
        (folder / "tasks_endpoint").write_text(stack.tasks_endpoint)
        await ending.wait()


class StackProgram:
    """The program in a process; `ready` is its ready file."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.folder = folder
        self._port = port
        self.process: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.infra.local.stack_program", str(self.folder), str(self._port)],
                stdout=output,
                stderr=subprocess.STDOUT,
            )

        def is_ready() -> bool:
            if not self.is_running():
                raise RuntimeError((self.folder / "output").read_text())
            return (self.folder / "tasks_endpoint").exists() and ready.exists()

        eventually(is_ready, within=_START_SECONDS)
        self.ready: dict[str, Any] = json.loads(ready.read_text())

    def end(self, number: int) -> int:
        """Send it a signal and wait for its end; the exit code."""
        assert self.process is not None
        os.kill(self.process.pid, number)
        (self.folder / "tasks_endpoint").unlink(missing_ok=True)
        return self.process.wait(30)

    @contextlib.contextmanager
    def tasks(self) -> Iterator[tasks_v2.CloudTasksClient]:
        """The public client of its queue."""
        channel = grpc.insecure_channel((self.folder / "tasks_endpoint").read_text())
        yield tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        channel.close()

    def processes(self) -> list[str]:
        """The command lines of living processes that belong to it."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (line := (entry / "cmdline").read_bytes()):
                    text = line.replace(b"\0", b" ").decode()
                    if str(self.folder) in text and int(entry.name) != os.getpid():
                        found.append(text)
        return found


if __name__ == "__main__":
    uvloop.run(_run(Path(sys.argv[1]), int(sys.argv[2])))
