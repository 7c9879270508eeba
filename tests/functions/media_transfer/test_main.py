"""The function as it is deployed: tasks done, callers checked, what lost its worker or its task found by the sweep."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from functions.media_transfer.handler import execute
from functions.work_sweep.states import overdue_statement
from shared.media.fetching import Fetching
from shared.media.hosts import origin_name
from tests.functions.media_transfer.conftest import URL, Deployment, Tasks
from tests.media.conftest import PNG, TOKEN

if TYPE_CHECKING:
    from uuid import UUID


def ready(deployment: Deployment) -> UUID:
    """A transfer whose medium the provider has."""
    deployment.scene.provider.put("m1", PNG)
    return deployment.scene.transfer("m1")


def test_a_task_brings_the_medium_in_with_the_connections_token(deployment: Deployment) -> None:
    """D-01: outside of the webhook, by a task of its own."""
    transfer = ready(deployment)
    worker = deployment.worker()
    answer = deployment.post(worker, deployment.task(transfer))
    assert (answer.status_code, answer.json()) == (200, {"state": "stored", "code": None})
    assert deployment.post(worker, deployment.task(transfer)).json()["state"] == "idle"
    assert {call.authorization for call in deployment.scene.provider.calls} == {f"Bearer {TOKEN}"}
    assert len(deployment.scene.objects()) == 1


def test_nobody_but_the_queue_gets_in(deployment: Deployment) -> None:
    """Q6."""
    worker = deployment.worker()
    task = deployment.task(ready(deployment))
    assert [deployment.post(worker, task, token=token).status_code for token in ("none", "x.y.z")] == [401, 401]
    assert deployment.scene.provider.calls == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"organization_id": "x", "transfer_id": "y"}'])
def test_a_task_that_can_never_be_done_is_not_repeated(deployment: Deployment, body: bytes) -> None:
    assert deployment.post(deployment.worker(), body).status_code == 200


def test_a_task_for_what_is_not_there_is_done(deployment: Deployment) -> None:
    assert deployment.post(deployment.worker(), deployment.task(uuid4())).json()["state"] == "gone"


def test_the_next_attempt_is_asked_for_at_its_time(deployment: Deployment) -> None:
    """D-03."""
    scene = deployment.scene
    scene.provider.put("m1", PNG, statuses=[503])
    transfer = scene.transfer("m1")
    fetching = Fetching(trusted=frozenset({origin_name(scene.provider.url)}))
    means = replace(scene.means, fetching=fetching, graph_url=scene.provider.graph_url)
    tasks = Tasks()
    done = execute(deployment.task(transfer), task_name="t1", means=means, queue=tasks, own_url=URL)
    assert done == {"state": "pending", "code": "server_error"}
    (asked,) = tasks.asked
    (due,) = scene.rows("SELECT next_attempt_at FROM platform.media_transfers WHERE id = %s", transfer)
    assert isinstance(due, datetime)
    assert (asked["queue"], asked["url"], asked["at"], asked["transfer_id"]) == ("media", URL, due, str(transfer))
    again = Tasks(away=True)
    scene.due(transfer)
    assert (
        execute(deployment.task(transfer), task_name="t2", means=means, queue=again, own_url=URL)["state"] == "stored"
    )
    fetching.close()


def test_a_transfer_whose_task_was_lost_is_woken_by_the_sweep(deployment: Deployment) -> None:
    """Q1, Q3, O-01."""
    transfer = ready(deployment)
    tasks = Tasks()
    counts = deployment.sweep(tasks)
    assert counts["woken"] >= 1
    mine = [task for task in tasks.asked if task.get("transfer_id") == str(transfer)]
    assert [(task["queue"], task["organization_id"]) for task in mine] == [
        ("media", str(deployment.scene.tenant.organization_id))
    ]
    deployment.sweep(Tasks(away=True))
    assert deployment.post(deployment.worker(), deployment.task(transfer)).json()["state"] == "stored"
    after = Tasks()
    deployment.sweep(after)
    assert [task for task in after.asked if task.get("transfer_id") == str(transfer)] == []


def test_a_transfer_that_waits_too_long_is_an_alarm(deployment: Deployment) -> None:
    """O-01."""
    deployment.scene.transfer("m1", next_attempt_at=datetime(2020, 1, 1).astimezone())
    overdue = dict(deployment.scene.rows(overdue_statement()))
    assert overdue["platform.media_transfers.state=pending"] >= 1
