"""The Cloud Tasks API through Google's own client: what is taken, what is refused and with which code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf import field_mask_pb2

from tests.infra.local.task_server import LOCATION, TaskServer, duration, timestamp
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600.0
LATER = {"schedule_time": timestamp(time.time() + HOUR)}


def test_a_new_queue_has_the_services_defaults(tasks: TaskServer) -> None:
    queue = tasks.client.get_queue(name=tasks.new_queue())
    assert queue.state == tasks_v2.Queue.State.RUNNING
    assert queue.rate_limits.max_dispatches_per_second == 500
    assert queue.rate_limits.max_concurrent_dispatches == 1000
    assert queue.retry_config.max_attempts == 100
    assert queue.retry_config.max_backoff.total_seconds() == HOUR


def test_a_queue_that_exists_is_not_created_again(tasks: TaskServer) -> None:
    name = tasks.new_queue()
    with pytest.raises(exceptions.AlreadyExists):
        tasks.client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=name))


def test_an_update_changes_only_the_fields_of_its_mask(tasks: TaskServer) -> None:
    name = tasks.new_queue(rate_limits={"max_concurrent_dispatches": 7})
    wanted = tasks_v2.Queue(name=name, rate_limits={"max_dispatches_per_second": 3, "max_concurrent_dispatches": 9})
    mask = field_mask_pb2.FieldMask(paths=["rate_limits.max_dispatches_per_second"])
    queue = tasks.client.update_queue(queue=wanted, update_mask=mask)
    assert queue.rate_limits.max_dispatches_per_second == 3
    assert queue.rate_limits.max_concurrent_dispatches == 7


def test_an_update_of_a_queue_that_is_not_there_creates_it(tasks: TaskServer) -> None:
    name = f"{LOCATION}/queues/made-by-update"
    tasks.client.update_queue(queue=tasks_v2.Queue(name=name))
    assert tasks.client.get_queue(name=name).state == tasks_v2.Queue.State.RUNNING


def test_queues_are_listed_in_order_and_by_page(tasks: TaskServer) -> None:
    names = {tasks.new_queue() for _ in range(3)}
    listed = [queue.name for queue in tasks.client.list_queues(request={"parent": LOCATION, "page_size": 2})]
    assert listed == sorted(listed)
    assert names <= set(listed)


def test_a_deleted_queue_is_gone_with_its_tasks(tasks: TaskServer) -> None:
    name = tasks.new_queue()
    task = tasks.create(name, **LATER)
    tasks.client.delete_queue(name=name)
    with pytest.raises(exceptions.NotFound):
        tasks.client.get_queue(name=name)
    with pytest.raises(exceptions.NotFound):
        tasks.client.get_task(name=task.name)


def test_a_task_is_shown_without_its_body_unless_the_full_view_is_asked_for(tasks: TaskServer) -> None:
    task = tasks.create(tasks.new_queue(), "secret", **LATER)
    assert not tasks.client.get_task(name=task.name).http_request.body
    full = tasks.client.get_task(request={"name": task.name, "response_view": tasks_v2.Task.View.FULL})
    assert full.http_request.body == b"secret"
    assert full.schedule_time.timestamp() == pytest.approx(LATER["schedule_time"].seconds, abs=1)


def test_tasks_are_listed_by_page(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    names = {tasks.create(queue, **LATER).name for _ in range(5)}
    pages = list(tasks.client.list_tasks(request={"parent": queue, "page_size": 2}).pages)
    assert [len(page.tasks) for page in pages] == [2, 2, 1]
    assert {task.name for page in pages for task in page.tasks} == names


def test_a_task_needs_a_queue_that_exists(tasks: TaskServer) -> None:
    with pytest.raises(exceptions.NotFound):
        tasks.create(f"{LOCATION}/queues/nowhere")


def test_a_name_is_taken_while_its_task_waits(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    tasks.create(queue, id="one", **LATER)
    with pytest.raises(exceptions.AlreadyExists):
        tasks.create(queue, id="one", **LATER)


def test_a_name_stays_taken_after_its_task_was_executed(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    tasks.create(queue, "done", id="one")
    eventually(lambda: tasks.bodies() == ["done"])
    with pytest.raises(exceptions.AlreadyExists):
        tasks.create(queue, id="one")


def test_a_name_stays_taken_after_its_task_was_deleted(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    tasks.client.delete_task(name=tasks.create(queue, id="one", **LATER).name)
    with pytest.raises(exceptions.AlreadyExists):
        tasks.create(queue, id="one", **LATER)


def test_tasks_without_a_name_get_one_each(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    names = {tasks.create(queue, **LATER).name for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith(f"{queue}/tasks/") for name in names)


def test_a_deleted_task_is_not_delivered(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    task = tasks.create(queue, "never", schedule_time=timestamp(time.time() + 0.3))
    tasks.client.delete_task(name=task.name)
    tasks.create(queue, "after", schedule_time=timestamp(time.time() + 0.4))
    eventually(lambda: "after" in tasks.bodies())
    assert tasks.bodies() == ["after"]
    with pytest.raises(exceptions.NotFound):
        tasks.client.get_task(name=task.name)


def test_a_paused_queue_takes_tasks_and_delivers_them_after_it_is_resumed(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    assert tasks.client.pause_queue(name=queue).state == tasks_v2.Queue.State.PAUSED
    task = tasks.create(queue, "waits")
    other = tasks.new_queue()
    tasks.create(other, "other")
    eventually(lambda: "other" in tasks.bodies())
    assert tasks.bodies() == ["other"]
    assert tasks.client.get_task(name=task.name).dispatch_count == 0
    tasks.client.resume_queue(name=queue)
    eventually(lambda: tasks.bodies() == ["other", "waits"])


def test_a_purged_queue_is_empty_and_goes_on(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    tasks.create(queue, "purged", **LATER)
    assert tasks.client.purge_queue(name=queue).purge_time is not None
    assert list(tasks.client.list_tasks(parent=queue)) == []
    tasks.create(queue, "new")
    eventually(lambda: tasks.bodies() == ["new"])


def test_run_task_delivers_at_once_even_from_a_paused_queue(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    tasks.client.pause_queue(name=queue)
    task = tasks.create(queue, "now", **LATER)
    assert tasks.client.run_task(name=task.name).dispatch_count == 1
    eventually(lambda: tasks.bodies() == ["now"])
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))
    with pytest.raises(exceptions.NotFound):
        tasks.client.run_task(name=task.name)


def _with_request(**fields: Any) -> Callable[[TaskServer, str], object]:
    return lambda tasks, queue: tasks.client.create_task(
        parent=queue,
        task=tasks_v2.Task(http_request=tasks_v2.HttpRequest(**{"url": "http://worker.test/", **fields})),
    )


REFUSED: dict[str, Callable[[TaskServer, str], object]] = {
    "scheduled more than 30 days ahead": lambda tasks, queue: tasks.create(
        queue, schedule_time=timestamp(time.time() + 30 * 24 * HOUR + 60)
    ),
    "a deadline under 15 s": lambda tasks, queue: tasks.create(queue, dispatch_deadline=duration(14.9)),
    "a deadline over 30 min": lambda tasks, queue: tasks.create(queue, dispatch_deadline=duration(1801)),
    "more than 100 KB": lambda tasks, queue: tasks.create(queue, "x" * 100_001),
    "no target": lambda tasks, queue: tasks.client.create_task(parent=queue, task=tasks_v2.Task()),
    "an address that is not http": _with_request(url="ftp://worker.test/"),
    "an address of more than 2083 characters": _with_request(url="http://worker.test/" + "x" * 2083),
    "a body with GET": _with_request(http_method=tasks_v2.HttpMethod.GET, body=b"x"),
    "headers of more than 80 KB": _with_request(headers={"x": "y" * 80_001}),
    "a token of nobody": _with_request(oidc_token=tasks_v2.OidcToken(service_account_email="nobody")),
    "a name of another queue": lambda tasks, queue: tasks.client.create_task(
        parent=queue,
        task=tasks_v2.Task(
            name=f"{LOCATION}/queues/other/tasks/x", http_request=tasks_v2.HttpRequest(url="http://w.test")
        ),
    ),
    "a name with a slash": lambda tasks, queue: tasks.create(queue, id="a/b"),
    "a name of more than 500 characters": lambda tasks, queue: tasks.create(queue, id="x" * 501),
    "a queue that is no queue": lambda tasks, _: tasks.create("queues/x"),
    "more than 500 dispatches a second": lambda tasks, _: tasks.new_queue(
        rate_limits={"max_dispatches_per_second": 501}
    ),
    "more than 5000 dispatches at once": lambda tasks, _: tasks.new_queue(
        rate_limits={"max_concurrent_dispatches": 5001}
    ),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_the_service_refuses_is_refused_as_an_invalid_argument(tasks: TaskServer, wrong: str) -> None:
    queue = tasks.new_queue()
    with pytest.raises(exceptions.InvalidArgument):
        REFUSED[wrong](tasks, queue)
    assert not list(tasks.client.list_tasks(parent=queue))


def test_what_is_just_within_the_limits_is_taken(tasks: TaskServer) -> None:
    """The negative control of the refusals."""
    queue = tasks.new_queue()
    tasks.client.pause_queue(name=queue)
    tasks.create(queue, schedule_time=timestamp(time.time() + 30 * 24 * HOUR - 60))
    tasks.create(queue, dispatch_deadline=duration(15))
    tasks.create(queue, dispatch_deadline=duration(1800))
    tasks.create(queue, "x" * 99_000)
    tasks.create(queue, id="x" * 500)
    assert len(list(tasks.client.list_tasks(parent=queue))) == 5
