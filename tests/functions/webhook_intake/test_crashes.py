"""C-08: the process is killed after each step; once the provider has delivered again, the message is there and due."""

from __future__ import annotations

import contextlib
import http.client
from typing import TYPE_CHECKING

import pytest

from tests.functions.webhook_intake.bodies import encoded, new_wamid
from tests.functions.webhook_intake.conftest import Intake, settings_of
from tests.functions.webhook_intake.process import running
from tests.support.tenants import make_organization
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functions.webhook_intake.task_queue import RecordingQueue
    from tests.support.database import Database


@pytest.mark.parametrize(
    ("point", "stored_before"), [("intake-received", 0), ("intake-committed", 1), ("intake-enqueued", 1)]
)
def test_after_a_crash_at_any_step_the_message_is_stored_once_and_due(
    shared_database: Database, queue: RecordingQueue, tmp_path: Path, point: str, stored_before: int
) -> None:
    """C-08, Q1: received but not stored, stored but not acknowledged, acknowledged and just enqueued."""
    crashed = tmp_path / "crashed"
    settings = settings_of(shared_database, queue, CRASH_POINT=point, CRASH_ONCE_FILE=str(crashed))
    with running(tmp_path, settings) as function:
        intake = Intake(function, shared_database, queue, make_organization(shared_database))
        wamid, customer = new_wamid(), new_wamid()
        raw = encoded(intake.body(wamid=wamid, customer=customer))

        def delivered() -> bool:
            with contextlib.suppress(OSError, http.client.HTTPException):
                return function.post(raw).status == 200
            return False

        delivered()
        eventually(crashed.exists, within=20)
        assert intake.stored(wamid) == stored_before
        eventually(delivered, within=20)
        assert intake.stored(wamid) == 1
        due = "SELECT last_in_seq, run_at IS NOT NULL FROM platform.conversations WHERE customer_external_id = %s"
        assert intake.rows(due, customer) == [(1, True)]
        intake.canary()
