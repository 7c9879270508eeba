"""How a stack ends, by a signal or by a kill, and how the next one on its folder goes on."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import tasks_v2

from tests.infra.local.running_stack import QUEUE, stack_folder
from tests.infra.local.stack_program import StackProgram
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@pytest.fixture(scope="module")
def one_program() -> Iterator[StackProgram]:
    """One folder for all tests here, since a first start takes long; ended at last, whatever a test did to it."""
    with stack_folder() as folder:
        program = StackProgram(folder)
        try:
            yield program
        finally:
            if program.is_running():
                program.end(signal.SIGTERM)
            eventually(lambda: program.processes() == [])


@pytest.fixture
def program(one_program: StackProgram) -> StackProgram:
    """The stack, running."""
    if not one_program.is_running():
        one_program.start()
    return one_program


def _task(program: StackProgram, *, after: float = 0.0, path: str = "/task") -> tasks_v2.Task:
    address = f"{program.ready['gateway']}/echo"
    token = tasks_v2.OidcToken(service_account_email="a@b.test", audience=f"{address}/")
    request = tasks_v2.HttpRequest(url=f"{address}{path}", body=b"x", oidc_token=token)
    return tasks_v2.Task(http_request=request, schedule_time={"seconds": int(time.time() + after)})


@linux
def test_a_signal_ends_everything_and_the_next_start_goes_on_quickly_with_what_waited(program: StackProgram) -> None:
    gateway = program.ready["gateway"]
    demo = program.ready["demo"]
    with program.tasks() as tasks:
        later = tasks.create_task(parent=QUEUE, task=_task(program, after=3600)).name
        soon = tasks.create_task(parent=QUEUE, task=_task(program, after=4)).name
    httpx.put(f"{gateway}/sandbox/meta/phone_numbers/12345", json={"access_token": "EAAkept-token"})
    assert program.end(signal.SIGTERM) == 0
    assert program.processes() == []
    assert not (program.folder / "ready.json").exists()

    began = time.monotonic()
    program.start()
    assert time.monotonic() - began < 20  # 1 s when nothing else runs; the figure itself is measured, not asserted
    assert program.ready["demo"] == demo
    assert program.ready["gateway"] != gateway
    with program.tasks() as tasks:
        moved = tasks.get_task(name=later).http_request
        assert moved.url == f"{program.ready['gateway']}/echo/task"
        assert moved.oidc_token.audience == f"{program.ready['gateway']}/echo/"
        eventually(lambda: soon not in {task.name for task in tasks.list_tasks(parent=QUEUE)}, within=15)
    headers = {"Authorization": "Bearer EAAkept-token"}
    message = {"messaging_product": "whatsapp", "to": "5511987654321", "text": {"body": "oi"}}
    sent = httpx.post(f"{program.ready['sandboxes']['meta']}/v24.0/12345/messages", headers=headers, json=message)
    assert sent.status_code == 200


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(program: StackProgram, number: int) -> None:
    assert any("postgres" in line for line in program.processes())
    assert any("functions_framework" in line for line in program.processes())
    program.end(number)
    eventually(lambda: program.processes() == [])


@linux
def test_every_task_that_was_promised_is_there_after_a_kill_at_any_moment(program: StackProgram) -> None:
    """The create is answered only after its commit; and the next start heals what the kill left lying."""
    promised: list[str] = []

    def create_until_killed() -> None:
        with program.tasks() as tasks:
            while True:
                try:
                    task = tasks.create_task(parent=QUEUE, task=_task(program, after=3600), timeout=5)
                except GoogleAPICallError:
                    return
                promised.append(task.name)

    creating = [threading.Thread(target=create_until_killed) for _ in range(4)]
    for thread in creating:
        thread.start()
    eventually(lambda: len(promised) > 100)
    program.end(signal.SIGKILL)
    for thread in creating:
        thread.join()
    program.start()  # at once: the old server may still be shutting down
    with program.tasks() as tasks:
        waiting = {task.name for task in tasks.list_tasks(parent=QUEUE)}
    assert set(promised) <= waiting


@linux
def test_the_record_of_accepted_calls_survives_a_kill(program: StackProgram) -> None:
    meta = program.ready["sandboxes"]["meta"]
    httpx.post(f"{meta}/faults", json={"status_delay_ms": 60_000})
    headers = {"Authorization": "Bearer EAAowed-token"}
    message = {"messaging_product": "whatsapp", "to": "5511987654321", "text": {"body": "oi"}}
    wamid = httpx.post(f"{meta}/v24.0/777/messages", headers=headers, json=message).json()["messages"][0]["id"]
    program.end(signal.SIGKILL)
    program.start()
    calls = httpx.get(f"{program.ready['sandboxes']['meta']}/calls").json()
    assert calls[-1]["wamid"] == wamid


@linux
def test_a_number_of_a_dead_process_in_the_lock_or_in_the_servers_file_stops_nobody(program: StackProgram) -> None:
    program.end(signal.SIGKILL)
    eventually(lambda: program.processes() == [])
    data = program.folder / "data"
    (data / "stack.lock").write_text(f"{os.getpid()}\n")
    (data / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{data}/postgres\n0\n5432\n\n\n\nready\n")
    program.start()
    assert httpx.get(f"{program.ready['gateway']}/healthz").status_code == 200
