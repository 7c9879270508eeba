"""Killed and stopped at each step: a document is known once, vectors change once, and nothing is left over."""

from __future__ import annotations

import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from shared.knowledge.embedders import OPENAI
from shared.knowledge.ingestion.reembedding import request_reembedding
from shared.knowledge.sources import delete_source
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from uuid import UUID

    from tests.chaos.processes import Worker
    from tests.functions.knowledge_ingestion.conftest import Deployment
    from tests.knowledge.ingesting import Knowing

TEXT = "Aceitamos Pix na entrega."


def crash(deployment: Deployment, ingestion: UUID, **environment: str) -> Worker:
    """A task during which the worker dies."""
    worker = deployment.worker(**environment)
    with contextlib.suppress(httpx.HTTPError):
        deployment.post(worker, deployment.task(ingestion))
    eventually(lambda: worker.state in "XZ")
    return worker


def recover(deployment: Deployment) -> None:
    """The leases end, the sweep finds what is left, and its tasks do it."""
    deployment.knowing.rows(
        "UPDATE platform.knowledge_ingestions SET lease_until = now() - interval '1 s' WHERE state = 'running'"
    )
    worker = deployment.worker()
    for task in deployment.woken():
        if "ingestion_id" in task:
            body = {name: task[name] for name in ("organization_id", "ingestion_id")}
            assert deployment.post(worker, body).status_code == 200


def known_once(knowing: Knowing) -> None:
    assert knowing.rows("SELECT source_path, version, content FROM platform.knowledge_base") == [("a.md", 1, TEXT)]
    assert knowing.rows("SELECT content FROM platform.knowledge_chunks") == [TEXT]
    assert knowing.rows("SELECT state FROM platform.knowledge_ingestions WHERE kind = 'upload'") == ["done"]
    assert knowing.rows("SELECT source_object FROM platform.knowledge_base") == knowing.objects()
    assert knowing.answer("Aceitam Pix na entrega?") == TEXT


POINTS = ["embedded", "written", "recorded"]


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_at_any_step_a_document_is_known_once(deployment: Deployment, point: str) -> None:
    ingestion = deployment.knowing.upload("a.md", TEXT)
    crash(deployment, ingestion, CRASH_POINT=f"knowledge-{point}")
    recover(deployment)
    known_once(deployment.knowing)


def test_a_worker_that_sleeps_longer_than_its_lease_changes_nothing(deployment: Deployment) -> None:
    """K9."""
    knowing = deployment.knowing
    ingestion = knowing.upload("a.md", TEXT)
    worker = deployment.worker(CRASH_POINT="knowledge-embedded", CRASH_SIGNAL="STOP")
    with ThreadPoolExecutor(1) as thread:
        zombie = thread.submit(deployment.post, worker, deployment.task(ingestion))
        eventually(lambda: worker.state == "T")
        recover(deployment)
        known_once(knowing)
        worker.signal(signal.SIGCONT)
        assert zombie.result().json()["state"] == "lost"
    known_once(knowing)


def models(knowing: Knowing) -> list[str]:
    return knowing.rows("SELECT DISTINCT embedding_model FROM platform.knowledge_chunks")


@pytest.mark.parametrize("point", ["staged", "switching", "switched"])
def test_after_a_kill_at_any_step_all_vectors_are_the_new_models(deployment: Deployment, point: str) -> None:
    """K-05: until the switch the old ones serve, and what was embedded is not embedded again."""
    knowing = deployment.knowing
    knowing.known("a.md", "\n\n".join(f"# Bolo {n}\n\nO bolo número {n} custa {n} reais." for n in range(150)))
    ingestion = request_reembedding(
        knowing.means.database, knowing.means.embedders, knowing.organization_id, model=OPENAI
    )
    knowing.site.calls.clear()
    crash(deployment, ingestion, CRASH_POINT=f"knowledge-{point}")
    assert models(knowing) == ([OPENAI] if point == "switched" else ["hashed-ngrams-pt-2"])
    assert knowing.answer("Quanto custa o bolo número 77?") == "O bolo número 77 custa 77 reais."
    recover(deployment)
    assert models(knowing) == [OPENAI]
    assert knowing.state(ingestion) == ("done", None)
    assert knowing.answer("Quanto custa o bolo número 77?") == "O bolo número 77 custa 77 reais."
    assert sum(len(call["input"]) for call in knowing.site.calls if len(call["input"]) > 1) == 150
    assert knowing.rows("SELECT ordinal FROM platform.knowledge_staged_vectors") == []


def test_after_a_kill_the_object_of_a_deleted_source_still_goes(deployment: Deployment) -> None:
    """K-10."""
    knowing = deployment.knowing
    knowing.known("a.md", TEXT)
    delete_source(knowing.means.database, knowing.organization_id, path="a.md")
    (deletion,) = knowing.pending("deletion")
    crash(deployment, deletion, CRASH_POINT="knowledge-object-deleted")
    assert knowing.state(deletion) == ("running", None)
    recover(deployment)
    assert knowing.state(deletion)[0] == "done"
    assert knowing.objects() == []
