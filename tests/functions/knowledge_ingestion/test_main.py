"""The function as it is deployed: tasks done, callers checked, what lost its worker or its task found by the sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from functions.knowledge_ingestion.handler import execute
from tests.functions.knowledge_ingestion.conftest import URL, Deployment, Tasks
from tests.knowledge.made_documents import docx, paragraph

if TYPE_CHECKING:
    from tests.knowledge.ingesting import Knowing


def test_a_task_brings_a_document_in(deployment: Deployment) -> None:
    """The reading process, too, is started by the deployed function."""
    ingestion = deployment.knowing.upload("a.docx", docx(paragraph("Aceitamos Pix na entrega.")))
    worker = deployment.worker()
    answer = deployment.post(worker, deployment.task(ingestion))
    assert (answer.status_code, answer.json()) == (200, {"state": "done", "code": None, "chunks": 1})
    assert deployment.post(worker, deployment.task(ingestion)).json()["state"] == "idle"
    assert deployment.knowing.answer("Aceitam Pix na entrega?") == "Aceitamos Pix na entrega."


def test_nobody_but_the_queue_gets_in(deployment: Deployment) -> None:
    """Q6."""
    ingestion = deployment.knowing.upload("a.md", "oi")
    worker = deployment.worker()
    task = deployment.task(ingestion)
    assert [deployment.post(worker, task, token=token).status_code for token in ("none", "x.y.z")] == [401, 401]
    assert deployment.knowing.state(ingestion) == ("pending", None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"organization_id": "x", "ingestion_id": "y"}'])
def test_a_task_that_can_never_be_done_is_not_repeated(deployment: Deployment, body: bytes) -> None:
    assert deployment.post(deployment.worker(), body).status_code == 200


def test_what_can_never_be_read_is_answered_with_success(deployment: Deployment) -> None:
    ingestion = deployment.knowing.upload("a.pdf", b"%PDF-1.4\nnothing")
    answer = deployment.post(deployment.worker(), deployment.task(ingestion))
    assert (answer.status_code, answer.json()["code"]) == (200, "damaged")
    assert deployment.post(deployment.worker(), deployment.task(uuid4())).json()["state"] == "gone"


def test_the_next_attempt_is_asked_for_at_its_time(knowing: Knowing) -> None:
    ingestion = uuid4()
    knowing.rows(
        "INSERT INTO platform.knowledge_ingestions (id, organization_id, kind, source_path)"
        " VALUES (:id, :organization, 'url', :url)",
        id=ingestion,
        organization=knowing.organization_id,
        url=knowing.site.put("/late", "oi", status=503),
    )
    task = {"organization_id": str(knowing.organization_id), "ingestion_id": str(ingestion)}
    tasks = Tasks()
    done = execute(task, task_name="t1", means=knowing.means, queue=tasks, own_url=URL)
    assert (done["state"], done["code"]) == ("pending", "server_error")
    (asked,) = tasks.asked
    due = knowing.rows("SELECT next_attempt_at FROM platform.knowledge_ingestions WHERE id = :id", id=ingestion)
    assert (asked["queue"], asked["url"], [asked["at"]]) == ("knowledge", URL, due)
    knowing.site.put("/late", "Aceitamos Pix.")
    knowing.due(ingestion)
    away = Tasks(away=True)
    assert execute(task, task_name="t2", means=knowing.means, queue=away, own_url=URL)["state"] == "done"


def test_work_whose_task_was_lost_is_woken_by_the_sweep_fairly(deployment: Deployment) -> None:
    """Q1, Q3, O-01: twenty of an organization at a time."""
    knowing = deployment.knowing
    for n in range(25):
        knowing.rows(
            "INSERT INTO platform.knowledge_ingestions (organization_id, kind, source_path, next_attempt_at)"
            " VALUES (:organization, 'url', :url, now() - interval '1 hour')",
            organization=knowing.organization_id,
            url=f"https://loja.example/{n}",
        )
    assert len([task for task in deployment.woken() if "ingestion_id" in task]) == 20
    deployment.sweep(Tasks(away=True))


def test_the_use_of_entries_is_derived_once_a_day(deployment: Deployment) -> None:
    knowing = deployment.knowing
    knowing.known("a.md", "Aceitamos Pix.")
    (task,) = [task for task in deployment.woken() if task.get("work") == "derive"]
    body = {"organization_id": task["organization_id"], "work": "derive"}
    assert deployment.post(deployment.worker(), body).json() == {"entries": 0}
    assert [task for task in deployment.woken() if task.get("work")] == []
