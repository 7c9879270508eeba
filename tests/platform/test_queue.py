from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from google.cloud import tasks_v2

from shared.kit.errors import Unavailable
from shared.platform import queue as queue_module
from shared.platform.queue import CloudTasks
from shared.platform.settings import TasksSettings
from shared.platform.wake_ups import WakeUps
from tests.infra.local.task_server import LOCATION, TaskServer, running_task_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "tasks@test.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def server() -> Iterator[TaskServer]:
    with running_task_server() as running:
        yield running


def _settings(endpoint: str, **changes: object) -> TasksSettings:
    _, project, _, region = LOCATION.split("/")
    return TasksSettings.model_validate(
        {
            "google_cloud_project": project,
            "google_cloud_region": region,
            "tasks_service_account": ACCOUNT,
            "cloud_tasks_endpoint": endpoint,
            **changes,
        }
    )


@pytest.fixture
def queue(server: TaskServer) -> Iterator[CloudTasks]:
    server.worker.reset()
    opened = CloudTasks(_settings(server._server.endpoint, queue_shards={"sharded": 3}))  # noqa: SLF001 - its address
    yield opened
    opened.close()


def _wake(  # noqa: PLR0913 - what a task is made of
    queue: CloudTasks,
    server: TaskServer,
    on: str,
    *,
    conversation: str = "c",
    at: datetime | None = None,
    name: str | None = None,
) -> None:
    payload = {"organization_id": "o", "conversation_id": conversation}
    queue.wake(on, url=f"{server.worker.url}/work", payload=payload, at=at, name=name)


def test_a_wake_up_is_one_post_of_ids_with_a_token_for_its_url(server: TaskServer, queue: CloudTasks) -> None:
    """O-04: a task carries only ids."""
    _wake(queue, server, server.new_queue().rpartition("/")[2])
    received = eventually(lambda: server.worker.received)[0]
    assert (received.method, received.path) == ("POST", "/work")
    assert json.loads(received.body) == {"organization_id": "o", "conversation_id": "c"}
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["Authorization"] == "Bearer " + server.signer.token(
        audience=f"{server.worker.url}/work", email=ACCOUNT
    )


def test_a_wake_up_comes_at_its_time(server: TaskServer, queue: CloudTasks) -> None:
    name = server.new_queue().rpartition("/")[2]
    began = time.monotonic()
    _wake(queue, server, name, at=datetime.now(UTC) + timedelta(seconds=0.5))
    received = eventually(lambda: server.worker.received)[0]
    assert 0.45 < received.at - began < 3


def test_a_name_that_exists_is_success(server: TaskServer, queue: CloudTasks) -> None:
    """Q4."""
    path = server.new_queue()
    later = datetime.now(UTC) + timedelta(hours=1)
    for _ in range(3):
        _wake(queue, server, path.rpartition("/")[2], name="turn-1", at=later)
    tasks = list(server.client.list_tasks(parent=path))
    assert [task.name for task in tasks] == [f"{path}/tasks/turn-1"]
    assert tasks[0].dispatch_deadline.total_seconds() == 130


def test_a_time_beyond_thirty_days_is_brought_forward(server: TaskServer, queue: CloudTasks) -> None:
    """Cloud Tasks refuses it; whoever is woken early asks again."""
    path = server.new_queue()
    _wake(queue, server, path.rpartition("/")[2], at=datetime.now(UTC) + timedelta(days=90))
    (task,) = server.client.list_tasks(parent=path)
    assert task.schedule_time < datetime.now(UTC) + timedelta(days=30, minutes=1)


def test_a_conversation_stays_on_its_shard_and_conversations_spread(server: TaskServer, queue: CloudTasks) -> None:
    paths = [f"{LOCATION}/queues/sharded-{shard}" for shard in range(3)]
    for path in paths:
        server.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=path))
    later = datetime.now(UTC) + timedelta(hours=1)
    conversations = [str(uuid4()) for _ in range(30)]
    for conversation in conversations * 2:
        _wake(queue, server, "sharded", at=later, conversation=conversation)
    held = [
        [json.loads(task.http_request.body)["conversation_id"] for task in _full_tasks(server, path)] for path in paths
    ]
    assert sum(map(len, held)) == 60
    assert all(len(shard) >= 2 for shard in held), "each shard has some"
    assert all(shard.count(one) in (0, 2) for shard in held for one in conversations)


def _full_tasks(server: TaskServer, path: str) -> list[tasks_v2.Task]:
    return list(server.client.list_tasks(request={"parent": path, "response_view": "FULL"}))


def test_a_queue_that_does_not_exist_is_unavailable(server: TaskServer, queue: CloudTasks) -> None:
    with pytest.raises(Unavailable, match="nowhere"):
        _wake(queue, server, "nowhere")


def test_a_service_that_is_down_or_silent_is_unavailable_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Q1: the sweep finds what was not enqueued."""
    monkeypatch.setattr(queue_module, "CALL_TIMEOUT", 0.5)
    listening = socket.create_server(("127.0.0.1", 0))
    silent = CloudTasks(_settings(f"127.0.0.1:{listening.getsockname()[1]}"))
    down = CloudTasks(_settings("127.0.0.1:1"))
    for queue in (silent, down):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            queue.wake("agent-turns", url="http://x", payload={}, at=None, name=None)
        assert time.monotonic() - began < 3
        queue.close()
    listening.close()


def test_threads_share_a_queue(server: TaskServer, queue: CloudTasks) -> None:
    name = server.new_queue().rpartition("/")[2]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: _wake(queue, server, name), range(20)))
    eventually(lambda: len(server.worker.received) == 20)


def test_wake_ups_are_made_in_order_beside_the_caller_and_failures_are_only_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made: list[object] = []
    wake_ups = WakeUps()
    gate = threading.Event()

    def fail(error: Exception) -> None:
        raise error

    wake_ups.later(lambda: made.append(gate.wait(5)))
    wake_ups.later(lambda: fail(Unavailable("queue down")))
    wake_ups.later(lambda: fail(ZeroDivisionError("canary")))
    wake_ups.later(lambda: made.append(threading.current_thread().name))
    assert made == [], "the caller did not wait"
    gate.set()
    wake_ups.close()
    assert made == [True, "wake-ups"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["severity"] for line in lines] == ["WARNING", "ERROR"]
    assert "canary" not in json.dumps(lines)


def test_wake_ups_beyond_the_bound_are_left_to_the_sweep() -> None:
    wake_ups = WakeUps(most_waiting=2)
    gate, running = threading.Event(), threading.Event()

    def first() -> None:
        running.set()
        gate.wait(5)

    assert wake_ups.later(first)
    assert running.wait(5)
    assert [wake_ups.later(gate.is_set) for _ in range(4)] == [True, True, False, False]
    gate.set()
    wake_ups.close()
    assert wake_ups.later(gate.is_set), "it begins again when it is used again"
    wake_ups.close()
