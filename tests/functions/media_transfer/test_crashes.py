"""Killed and stopped at each step: the medium is stored once, its message says so once, and nothing is left over."""

from __future__ import annotations

import contextlib
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from shared.media import comparing
from shared.media.comparing import compare
from shared.media.deleting import delete_media_of_message
from tests.functions.media_transfer.conftest import Deployment, Tasks
from tests.media.conftest import BUCKET, PNG
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from uuid import UUID

    from tests.chaos.processes import Worker

POINTS = [
    "media-claimed",
    "media-resolved",
    "media-writing",
    "media-written",
    "media-stored",
    "media-read",
    "media-recorded",
    "media-done",
]
ORPHANED = {"media-written", "media-stored", "media-read"}


def crash(deployment: Deployment, worker: Worker, body: dict[str, str]) -> None:
    """A task during which the worker dies."""
    with contextlib.suppress(httpx.HTTPError):
        deployment.post(worker, body)
    eventually(lambda: worker.state in "XZ")


def recover(deployment: Deployment, transfer: UUID) -> None:
    """The lease ends, the sweep finds the transfer, and its task does what is left."""
    deployment.scene.rows(
        "UPDATE platform.media_transfers SET lease_until = now() WHERE id = %s AND state = 'transferring'", transfer
    )
    tasks = Tasks()
    deployment.sweep(tasks)
    for task in tasks.asked:
        if task.get("transfer_id") == str(transfer):
            assert deployment.post(deployment.worker(), deployment.task(transfer)).status_code == 200


def settle(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> int:
    """The comparison of objects and rows, a day later; returns how many objects had no row."""
    monkeypatch.setattr(comparing, "SETTLED", timedelta(seconds=-1))
    orphans, missing = compare(
        deployment.scene.means.database,
        organization_id=deployment.scene.tenant.organization_id,
        storage=deployment.scene.means.storage,
        bucket=BUCKET,
        since=datetime(2020, 1, 1, tzinfo=UTC),
    )
    assert missing == 0
    return orphans


def stored_once(deployment: Deployment, transfer: UUID) -> None:
    scene = deployment.scene
    assert scene.state(transfer)[0] == "stored"
    ((_, path, _, size, state),) = scene.assets()
    assert (size, state, scene.objects()) == (len(PNG), "ready", [path])
    assert scene.means.storage.get(BUCKET, path) == PNG
    media, reading = scene.media_of(transfer)
    assert (len(media), reading) == (1, {"0": {"unread": "no_reader"}})


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_at_any_step_the_medium_is_stored_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """D-01, D-09: and what the killed run left in storage is found."""
    deployment.scene.provider.put("m1", PNG)
    transfer = deployment.scene.transfer("m1")
    crash(deployment, deployment.worker(CRASH_POINT=point), deployment.task(transfer))
    recover(deployment, transfer)
    assert settle(deployment, monkeypatch) == (1 if point in ORPHANED else 0)
    stored_once(deployment, transfer)


def test_a_worker_that_sleeps_longer_than_its_lease_changes_nothing(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K9: it wakes up after another one has stored the medium (once it has spoken to it, the emulator waits for it)."""
    deployment.scene.provider.put("m1", PNG)
    transfer = deployment.scene.transfer("m1")
    worker = deployment.worker(CRASH_POINT="media-resolved", CRASH_SIGNAL="STOP")
    with ThreadPoolExecutor(1) as thread:
        zombie = thread.submit(deployment.post, worker, deployment.task(transfer))
        eventually(lambda: worker.state == "T")
        recover(deployment, transfer)
        stored = deployment.scene.assets()
        worker.signal(signal.SIGCONT)
        assert zombie.result().json()["state"] in ("lost", "idle")
    assert deployment.scene.assets() == stored
    assert settle(deployment, monkeypatch) == 0, "the zombie took its own object away"
    stored_once(deployment, transfer)


@pytest.mark.parametrize("point", ["media-object-deleted", "media-compared"])
def test_a_kill_while_media_are_deleted_or_compared_leaves_nothing_undone(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """D-09."""
    scene = deployment.scene
    scene.provider.put("m1", PNG)
    transfer = scene.transfer("m1")
    assert deployment.post(deployment.worker(), deployment.task(transfer)).json()["state"] == "stored"
    organization = scene.tenant.organization_id
    (message,) = scene.rows("SELECT message_id FROM platform.media_transfers WHERE id = %s", transfer)
    with scene.means.database.tenant(organization) as session:
        delete_media_of_message(session, organization_id=organization, message_id=message)
    scene.rows("UPDATE platform.media_audits SET due_at = now() WHERE organization_id = %s", organization)
    cleaning = {"organization_id": str(organization), "work": "clean"}
    crash(deployment, deployment.worker(CRASH_POINT=point), cleaning)
    tasks = Tasks()
    deployment.sweep(tasks)
    assert [task for task in tasks.asked if task.get("work") and task["organization_id"] == str(organization)]
    assert deployment.post(deployment.worker(), cleaning).status_code == 200
    assert scene.assets() == scene.objects() == []
    after = Tasks()
    deployment.sweep(after)
    assert [task for task in after.asked if task.get("work") and task["organization_id"] == str(organization)] == []
    assert settle(deployment, monkeypatch) == 0
