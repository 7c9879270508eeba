"""What the queue has promised survives a restart on the same database."""

from __future__ import annotations

import time

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2

from tests.infra.local.task_server import TaskServer, duration, timestamp
from tests.infra.local.worker import Answer
from tests.support.waiting import eventually


def test_waiting_tasks_are_delivered_after_a_restart(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    due = time.time() + 1.0
    for number in range(20):
        tasks.create(queue, str(number), schedule_time=timestamp(due))
    tasks.restart()
    eventually(lambda: len(tasks.worker.received) == 20)
    assert time.time() >= due
    assert sorted(tasks.bodies(), key=int) == [str(number) for number in range(20)]


def test_executed_tasks_are_not_repeated_and_keep_their_names(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    tasks.create(queue, "done", id="one")
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))
    tasks.restart()
    with pytest.raises(exceptions.AlreadyExists):
        tasks.create(queue, id="one")
    assert tasks.bodies() == ["done"]


def test_a_deleted_task_does_not_come_back(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    task = tasks.create(queue, schedule_time=timestamp(time.time() + 3600))
    tasks.client.delete_task(name=task.name)
    tasks.restart()
    with pytest.raises(exceptions.NotFound):
        tasks.client.get_task(name=task.name)


def test_settings_and_pauses_of_queues_are_kept(tasks: TaskServer) -> None:
    queue = tasks.new_queue(rate_limits={"max_concurrent_dispatches": 7})
    tasks.client.pause_queue(name=queue)
    tasks.restart()
    found = tasks.client.get_queue(name=queue)
    assert found.state == tasks_v2.Queue.State.PAUSED
    assert found.rate_limits.max_concurrent_dispatches == 7


def test_attempts_are_counted_on_after_a_restart(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(status=500)
    retry = {"min_backoff": duration(1), "max_backoff": duration(1)}
    queue = tasks.new_queue(retry_config=retry)
    task = tasks.create(queue)
    eventually(lambda: tasks.client.get_task(name=task.name).response_count == 1)
    tasks.restart()
    assert tasks.client.get_task(name=task.name).dispatch_count == 1
    eventually(lambda: len(tasks.worker.received) == 2)
    assert tasks.worker.received[1].headers["X-CloudTasks-TaskRetryCount"] == "1"


def test_a_task_that_ran_when_the_server_stopped_runs_again(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(after=1 if len(tasks.worker.received) == 1 else 0)
    queue = tasks.new_queue()
    tasks.create(queue, "again")
    eventually(lambda: len(tasks.worker.received) == 1)
    tasks.restart()
    eventually(lambda: len(tasks.worker.received) == 2)
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))


def test_a_create_is_answered_only_after_its_commit_and_not_lost_when_nobody_waits_any_more(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    with tasks.blocked_database():
        with pytest.raises(exceptions.DeadlineExceeded):
            tasks.create(queue, "late", id="late", timeout=0.5)
        assert tasks.bodies() == []
    eventually(lambda: tasks.bodies() == ["late"])
