"""The queue misbehaves as it is told to, and not otherwise."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from google.api_core import exceptions

from infra.local.fault_values import FaultRefused
from infra.local.tasks.faults import read_faults
from tests.infra.local.worker import Answer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.infra.local.task_server import TaskServer


def test_without_faults_each_task_is_delivered_once(tasks: TaskServer) -> None:
    """The negative control of the faults."""
    queue = tasks.new_queue()
    for number in range(50):
        tasks.create(queue, f"{number:02d}")
    eventually(lambda: len(tasks.worker.received) >= 50)
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))
    assert sorted(tasks.bodies()) == [f"{number:02d}" for number in range(50)]


def test_a_duplicate_arrives_while_the_first_delivery_still_runs(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(after=0.3)
    tasks.set_faults(duplicate_share=1.0)
    queue = tasks.new_queue()
    tasks.create(queue, "twice")
    eventually(lambda: len(tasks.worker.received) == 2)
    assert tasks.worker.busiest == 2
    assert tasks.worker.received[1].at - tasks.worker.received[0].at < 0.25
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))
    assert tasks.bodies() == ["twice", "twice"]


def test_a_dropped_task_is_gone_without_a_delivery(tasks: TaskServer) -> None:
    tasks.set_faults(drop_share=1.0)
    queue = tasks.new_queue()
    tasks.create(queue, "lost")
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))
    assert tasks.bodies() == []


def test_a_share_of_faults_is_the_same_for_the_same_seed(tasks: TaskServer) -> None:
    outcomes = []
    for _ in range(2):
        tasks.worker.reset()
        tasks.engine.faults = read_faults({"drop_share": 0.5, "seed": 7})
        queue = tasks.new_queue(rate_limits={"max_concurrent_dispatches": 1})
        tasks.client.pause_queue(name=queue)
        for number in range(30):
            tasks.create(queue, str(number))
        tasks.client.resume_queue(name=queue)
        eventually(lambda queue=queue: not list(tasks.client.list_tasks(parent=queue)))  # type: ignore[misc]
        outcomes.append(tasks.bodies())
    assert outcomes[0] == outcomes[1]
    assert 5 < len(outcomes[0]) < 25


def test_a_delay_holds_tasks_back(tasks: TaskServer) -> None:
    tasks.set_faults(delay_ms=500)
    began = time.monotonic()
    tasks.create(tasks.new_queue())
    assert eventually(lambda: tasks.worker.received)[0].at - began >= 0.49


def test_reversed_tasks_arrive_newest_first(tasks: TaskServer) -> None:
    tasks.set_faults(reverse=True, reverse_window_ms=1500)
    queue = tasks.new_queue(rate_limits={"max_concurrent_dispatches": 1})
    time.sleep(1.5 - time.time() % 1.5)  # a window begins; tasks of two windows would be in two groups
    for number in range(8):
        tasks.create(queue, str(number))
    eventually(lambda: len(tasks.worker.received) == 8)
    assert tasks.bodies() == [str(number) for number in reversed(range(8))]


def test_refused_creates_are_unavailable_and_leave_nothing(tasks: TaskServer) -> None:
    tasks.set_faults(refuse_creates_share=1.0)
    queue = tasks.new_queue()
    with pytest.raises(exceptions.ServiceUnavailable):
        tasks.create(queue)
    tasks.set_faults()
    assert not list(tasks.client.list_tasks(parent=queue))


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"duplicate_share": 1.5}, "from 0 to 1"),
        ({"drop_share": True}, "from 0 to 1"),
        ({"reverse": 1}, "true or false"),
        ({"delay_ms": -1}, "from 0 to"),
        ({"seed": "x"}, "whole number"),
        ({"dupes": 1}, "known are"),
        ([], "JSON object"),
    ],
)
def test_impossible_faults_are_refused_with_what_would_be_right(wanted: object, complaint: str) -> None:
    with pytest.raises(FaultRefused, match=complaint):
        read_faults(wanted)
