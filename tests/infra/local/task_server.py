"""The Cloud Tasks server of this project on the test run's database, with the public client and a worker to send to."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Any

import grpc
import pg8000.native
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.protobuf import duration_pb2, timestamp_pb2

from infra.local.directory import Directory
from infra.local.fetch import Fetcher
from infra.local.ports import port_of, reserved
from infra.local.tasks.delivery import TaskDelivery
from infra.local.tasks.engine import TaskEngine
from infra.local.tasks.faults import TaskFaults
from infra.local.tasks.journal import Journal
from infra.local.tasks.service import TasksServer
from infra.local.tokens import TokenSigner, new_private_key
from tests.infra.local.loop_thread import LoopThread
from tests.infra.local.worker import Worker
from tests.support.database import embedded_server

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCATION = "projects/test/locations/here"
ISSUER = "https://tokens.test"
EMAIL = "tasks@test.iam.gserviceaccount.com"
KEY = new_private_key()


class TaskServer:
    """Server, client and worker together. `restart` ends the server and starts another on the same database."""

    def __init__(self, loop: LoopThread, database: str) -> None:
        self.loop = loop
        self.worker = Worker()
        self.signer = TokenSigner(private_key=KEY, issuer=ISSUER)
        self._database = database
        loop.run(self.worker.start())
        self._start()

    def new_queue(self, **settings: Any) -> str:
        """A queue with a name of its own; settings are fields of Queue."""
        name = f"{LOCATION}/queues/q-{secrets.token_hex(4)}"
        self.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=name, **settings))
        return name

    def create(self, queue: str, body: str = "", **fields: Any) -> tasks_v2.Task:
        """Create a task whose worker is the test's; `fields` are fields of Task, `id` its name's last part."""
        if (task_id := fields.pop("id", None)) is not None:
            fields["name"] = f"{queue}/tasks/{task_id}"
        timeout = fields.pop("timeout", 20)
        request = tasks_v2.HttpRequest(url=f"{self.worker.url}/work", body=body.encode(), **fields.pop("request", {}))
        return self.client.create_task(
            parent=queue, task=tasks_v2.Task(http_request=request, **fields), timeout=timeout, retry=None
        )

    def bodies(self) -> list[str]:
        """The bodies that the worker has received, in order."""
        return [received.body.decode() for received in self.worker.received]

    @contextlib.contextmanager
    def blocked_database(self) -> Iterator[None]:
        """Nothing can be written meanwhile."""
        connection = pg8000.native.Connection("postgres", unix_sock=embedded_server().socket, database=self._database)
        connection.run("BEGIN")
        connection.run("LOCK TABLE tasks IN EXCLUSIVE MODE")
        try:
            yield
        finally:
            connection.run("COMMIT")
            connection.close()

    def set_faults(self, **faults: Any) -> None:
        """Misbehave like this from now on."""
        self.engine.faults = TaskFaults(**faults)

    def restart(self) -> None:
        """Stop, and start again on the same database."""
        self._stop()
        self._start()

    def close(self) -> None:
        """End everything."""
        self._stop()
        self.loop.run(self.worker.stop())

    def _start(self) -> None:
        self.loop.run(self._start_servers())
        self._channel = grpc.insecure_channel(self._server.endpoint)
        self.client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=self._channel))

    async def _start_servers(self) -> None:
        socket = embedded_server().socket
        self._fetcher = Fetcher(Directory(gateway="http://gateway.test"))
        self.engine = TaskEngine(
            journal=Journal(lambda: pg8000.native.Connection("postgres", unix_sock=socket, database=self._database)),
            deliver=TaskDelivery(fetcher=self._fetcher, tokens=self.signer).deliver,
        )
        await self.engine.load()
        self._port = reserved()
        self._server = TasksServer(self.engine, port=port_of(self._port))
        await self._server.start()
        self.engine.start_dispatching()

    def _stop(self) -> None:
        self._channel.close()
        self.loop.run(self._stop_servers())

    async def _stop_servers(self) -> None:
        await self.engine.stop_dispatching()
        await self._server.stop()
        await self.engine.close()
        await self._fetcher.close()
        self._port.close()


@contextlib.contextmanager
def running_task_server() -> Iterator[TaskServer]:
    """A server on a database of its own."""
    server = embedded_server()
    name = f"queues_{secrets.token_hex(6)}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        with LoopThread() as loop:
            tasks = TaskServer(loop, name)
            try:
                yield tasks
            finally:
                tasks.close()
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def duration(seconds: float) -> duration_pb2.Duration:
    """A protobuf Duration."""
    return duration_pb2.Duration(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))


def timestamp(seconds: float) -> timestamp_pb2.Timestamp:
    """A protobuf Timestamp from Unix seconds."""
    return timestamp_pb2.Timestamp(seconds=int(seconds), nanos=int(seconds % 1 * 1e9))
