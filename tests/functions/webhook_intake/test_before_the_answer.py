"""C-06: before the answer nothing is called but the database, whatever calls there will be after it.

The function's process writes down every connection that Python makes, every name that it looks up and every client that
it loads (`watched/sitecustomize.py`); what a C library connects by itself (gRPC) is seen at the other end.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import grpc
import pytest

from shared.platform.queue import CALL_TIMEOUT
from shared.platform.settings import SettingsMissing
from tests.functions.webhook_intake.bodies import encoded, new_wamid
from tests.functions.webhook_intake.conftest import Intake, settings_of
from tests.functions.webhook_intake.process import REPOSITORY, raw_post, read_all, running
from tests.functions.webhook_intake.task_queue import RecordingQueue
from tests.support.tenants import make_organization
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

WATCHER = REPOSITORY / "tests" / "functions" / "webhook_intake" / "watched"


@pytest.fixture
def watched(database: Database, tmp_path: Path) -> Iterator[tuple[Intake, Path]]:
    """A cold instance that writes its calls to a file; the queue answers when it is told to."""
    queue = RecordingQueue()
    file = tmp_path / "calls"
    settings = settings_of(
        database, queue, PYTHONPATH=f"{WATCHER}:{REPOSITORY}", WATCHED_FILE=str(file), K_SERVICE="intake"
    )
    with running(tmp_path, settings) as function:
        yield Intake(function, database, queue, make_organization(database)), file
    queue.stop()


def calls(file: Path) -> list[tuple[float, str]]:
    """When (monotonic seconds) and what."""
    if not file.exists():
        return []
    lines = (line.split(" ", 1) for line in file.read_text().splitlines())
    return [(float(moment), what) for moment, what in lines]


def elsewhere(found: list[tuple[float, str]]) -> list[str]:
    """Everything but the database's socket."""
    return [what for _, what in found if not re.search(r"connect '.*\.s\.PGSQL\.\d+'", what)]


def test_the_first_answer_waits_for_the_database_alone(watched: tuple[Intake, Path]) -> None:
    """C-06, and the cold start: the queue's client is not even loaded before the first answer."""
    intake, file = watched
    intake.queue.release.clear()  # a queue that takes for ever
    before = len(calls(file))
    for customer in ("5511900000071", "5511900000072"):
        assert intake.function.deliver(intake.body(customer=customer)).status == 200
        answered = time.monotonic()
        if customer.endswith("1"):
            first = [call for call in calls(file)[before:] if call[0] < answered]
            assert len(first) > len(elsewhere(first)) == 0, first
            assert not intake.queue.calls
    eventually(lambda: len(intake.queue.calls) == 2, within=30)
    assert any(what.startswith("import google.cloud.tasks_v2") for _, what in calls(file)), "the watcher sees"


def test_no_answer_waits_for_a_queue_that_is_slow_or_broken(watched: tuple[Intake, Path]) -> None:
    """C-06, Q1: what is not enqueued stays due, and the sweep finds it."""
    intake, _ = watched
    assert intake.function.deliver(intake.body()).status == 200
    eventually(lambda: len(intake.queue.tasks) == 1, within=30)
    for failure, released in (
        (None, False),
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.ALREADY_EXISTS, True),
    ):
        intake.queue.failure = failure
        (intake.queue.release.set if released else intake.queue.release.clear)()
        for _ in range(5):
            customer = new_wamid()
            sent = time.monotonic()
            assert intake.function.deliver(intake.body(customer=customer)).status == 200
            assert time.monotonic() - sent < CALL_TIMEOUT - 0.5, "the queue was not waited for"
            due = "SELECT run_at IS NOT NULL FROM platform.conversations WHERE customer_external_id = %s"
            assert intake.rows(due, customer) == [True]
    intake.queue.release.set()
    eventually(lambda: len(intake.queue.calls) >= 16, within=30)
    intake.canary()


def test_the_answer_waits_for_the_commit(watched: tuple[Intake, Path]) -> None:
    """C-06: negative control of the above; while the database is held, there is no answer."""
    intake, _ = watched
    raw = encoded(intake.body(wamid=(wamid := new_wamid())))
    connection = intake.database.superuser()
    connection.autocommit = False
    connection.cursor().execute("LOCK TABLE integrations.webhook_keys IN ACCESS EXCLUSIVE MODE")
    sent = time.monotonic()
    with intake.function.connect() as waiting:
        waiting.sendall(raw_post(raw))
        waiting.settimeout(1)
        with pytest.raises(TimeoutError):
            waiting.recv(1)
        assert time.monotonic() - sent >= 1
        connection.rollback()
        connection.close()
        waiting.settimeout(15)
        assert read_all(waiting).startswith(b"HTTP/1.1 200")
    assert intake.stored(wamid) == 1


def test_missing_settings_are_named_when_the_instance_starts(database: Database) -> None:
    queue = RecordingQueue()
    settings = settings_of(database, queue)
    queue.stop()
    missing = ("META_APP_SECRETS", "META_VERIFY_TOKEN", "AGENT_EXECUTION_URL", "DATABASE_URL")
    environment = {name: value for name, value in settings.items() if name not in missing}
    command = [sys.executable, "-c", "import functions.webhook_intake.main"]
    ended = subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode != 0
    assert SettingsMissing.__name__ in ended.stderr
    assert [name for name in missing if name not in ended.stderr] == []
