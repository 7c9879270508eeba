"""A stack with toy functions in this process, shared by the tests of a run."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import grpc
import httpx
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.queues import LOCATION
from infra.local.stack import LocalStack, StackOptions
from tests.infra.local.loop_thread import LoopThread
from tests.infra.local.toy_functions import write_toys

if TYPE_CHECKING:
    from collections.abc import Iterator

QUEUE = f"{LOCATION}/queues/toys"


@contextlib.contextmanager
def stack_folder() -> Iterator[Path]:
    """A folder that a server of another user may reach; every start of pytest closes its own ones to others again."""
    with tempfile.TemporaryDirectory(prefix="departments-stack-") as made:
        yield Path(made)


class RunningStack:
    """The stack, an HTTP client of its gateway and a client of its queue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ticks = folder / "ticks"
        self.ready_file = folder / "ready" / "ready.json"
        self.loop = LoopThread()

    def __enter__(self) -> Self:
        self.loop.__enter__()
        self.stack = LocalStack(
            StackOptions(
                data_dir=self.folder / "data",
                port=0,
                ready_file=self.ready_file,
                manifest=write_toys(self.folder),
                environment={"tick": {"TICKS": str(self.ticks)}, "echo": {"EXTRA": "yes"}},
                processes={"echo": 2},
            )
        )
        self.loop.run(self.stack.start(), within=120)
        self.client = httpx.Client(base_url=self.stack.ready["gateway"], timeout=20)
        self._channel = grpc.insecure_channel(self.stack.tasks_endpoint)
        self.tasks = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=self._channel))
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._channel.close()
        self.loop.run(self.stack.stop())
        self.loop.__exit__()
