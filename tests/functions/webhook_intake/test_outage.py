"""The database away, locked or gone in the middle: 503 with Retry-After in time, and nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from migrations.run import migrate
from tests.functions.webhook_intake.bodies import change, encoded, envelope, new_wamid, text_message
from tests.functions.webhook_intake.conftest import Intake, settings_of
from tests.functions.webhook_intake.process import running
from tests.support.database import POSTGRES_VERSION, TENANT_CONTEXT_KEY, Database, create_logins, start_server
from tests.support.tenants import make_organization
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.functions.webhook_intake.task_queue import RecordingQueue

IN_TIME = 3.0  # seconds within which an outage is said


class OwnServer:
    """A server of this module's own, to crash and start; what was committed survives."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.start()
        with contextlib.closing(self.server.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("CREATE DATABASE departments")
            # the tests' servers do without; the crash of a process (not of the machine) needs no more than this
            cursor.execute("ALTER DATABASE departments SET synchronous_commit = on")
            migrate(self.server.url(user="postgres", database="departments"), tenant_context_key=TENANT_CONTEXT_KEY)
            create_logins(cursor)
        self.database = Database("departments", self.server, TENANT_CONTEXT_KEY)

    def start(self) -> None:
        self.server = start_server(self.data, POSTGRES_VERSION)

    def crash(self) -> None:
        """SIGQUIT: every process ends at once, without a checkpoint."""
        pid_file = self.data / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
        eventually(lambda: not pid_file.exists(), within=20)


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    folder = Path(os.environ["DEPARTMENTS_TEST_RUN"]) / "outage"
    folder.mkdir(mode=0o755)
    server = OwnServer(folder)
    yield server
    if (server.data / "postmaster.pid").exists():
        server.crash()


@pytest.fixture(scope="module")
def intake(own_server: OwnServer, queue: RecordingQueue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    folder = tmp_path_factory.mktemp("outage")
    with running(folder, settings_of(own_server.database, queue)) as function:
        yield Intake(function, own_server.database, queue, make_organization(own_server.database))


def _accepted(post: Callable[[bytes], int], raw: bytes) -> bool:
    return post(raw) == 200


def _grown(numbers: list[str], size: int) -> bool:
    return len(numbers) > size


def test_while_the_database_is_down_the_provider_is_told_to_come_again(intake: Intake, own_server: OwnServer) -> None:
    """B1, C-06: and what it brings again is stored, once."""
    intake.canary()
    own_server.crash()
    try:
        wamids = [new_wamid() for _ in range(5)]
        bodies = [encoded(intake.body(wamid=wamid)) for wamid in wamids]
        for raw in bodies:
            began = time.monotonic()
            reply = intake.function.post(raw)
            assert time.monotonic() - began < IN_TIME
            assert reply.status == 503
            assert int(reply.headers["retry-after"]) > 0
    finally:
        own_server.start()
    with intake.function.kept_alive() as post:
        for raw in bodies * 2:
            eventually(partial(_accepted, post, raw), within=10)
    assert [intake.stored(wamid) for wamid in wamids] == [1] * 5


def test_a_crash_in_the_middle_of_traffic_loses_nothing_that_was_acknowledged(
    intake: Intake, own_server: OwnServer
) -> None:
    """B2, C-08: every delivery is sent until it is acknowledged, and is then there once."""
    acknowledged: list[str] = []
    stop = threading.Event()

    def provider(number: int) -> int:
        refused = 0
        with intake.function.kept_alive() as post:
            while not stop.is_set():
                wamid = new_wamid()
                raw = encoded(intake.body(wamid=wamid, customer=f"55119000{number:05d}"))
                while (status := post(raw)) != 200:
                    assert status == 503
                    refused += 1
                    stop.wait(0.05)
                acknowledged.append(wamid)
        return refused

    with ThreadPoolExecutor(8) as providers:
        running_providers = [providers.submit(provider, number) for number in range(8)]
        for _ in range(2):
            eventually(partial(_grown, acknowledged, len(acknowledged) + 100), within=30)
            own_server.crash()
            own_server.start()
        eventually(partial(_grown, acknowledged, len(acknowledged) + 50), within=30)
        stop.set()
        assert sum(done.result() for done in running_providers) > 0, "the crashes were felt"
    found = intake.rows(
        "SELECT count(*), count(DISTINCT external_message_id) FROM platform.messages"
        " WHERE external_message_id = ANY(%s)",
        acknowledged,
    )
    assert found == [(len(acknowledged), len(acknowledged))]
    gaps = intake.rows(
        "SELECT count(*) FROM platform.conversations c WHERE last_in_seq <>"
        " (SELECT count(*) FROM platform.messages m WHERE m.conversation_id = c.id AND m.direction = 'inbound')"
    )
    assert gaps == [0]


def test_a_locked_row_ends_in_503_and_then_in_one_message(intake: Intake) -> None:
    """B6."""
    raw = encoded(intake.body(wamid=(wamid := new_wamid()), customer="5511900000060"))
    intake.function.deliver(intake.body(customer="5511900000060"))
    with contextlib.closing(intake.database.superuser()) as holder:
        holder.autocommit = False
        holder.cursor().execute(
            "SELECT 1 FROM platform.conversations WHERE customer_external_id = '5511900000060' FOR UPDATE"
        )
        began = time.monotonic()
        reply = intake.function.post(raw)
        assert (reply.status, time.monotonic() - began < IN_TIME + 0.5) == (503, True)
        holder.rollback()
    with intake.function.kept_alive() as post:
        eventually(lambda: post(raw) == 200, within=20)
    assert intake.stored(wamid) == 1


def test_a_killed_connection_is_replaced_without_a_trace(intake: Intake) -> None:
    """B4."""
    gone = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'intake'"
    intake.canary()
    for _ in range(3):
        intake.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'intake'")
        eventually(lambda: intake.rows(gone) == [0], within=10)
        intake.canary()


def test_a_full_disk_is_our_trouble_and_not_the_provider_s(intake: Intake) -> None:
    """B8: a server that only reads."""
    raw = encoded(intake.body(wamid=(wamid := new_wamid())))
    intake.rows("ALTER ROLE intake SET default_transaction_read_only = on")
    intake.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'intake'")
    try:
        reply = intake.function.post(raw)
        assert reply.status == 503
        assert "retry-after" in reply.headers
    finally:
        intake.rows("ALTER ROLE intake RESET default_transaction_read_only")
        intake.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'intake'")
    eventually(lambda: intake.function.post(raw).status == 200, within=10)
    assert intake.stored(wamid) == 1


def test_two_instances_that_get_the_same_batches_in_opposite_order_store_each_once(
    intake: Intake, tmp_path: Path
) -> None:
    """C-07, B6: keys and conversations are taken in one order, so that the two do not block each other."""
    customers = [f"55119100{number:05d}" for number in range(20)]
    batches = []
    for _ in range(20):
        messages = [text_message(customer=customer) for customer in customers]
        batches.append((messages, messages[::-1]))
    with running(tmp_path, intake.function.environment) as other, ThreadPoolExecutor(16) as senders:
        sent = [
            senders.submit(function.deliver, envelope(change(intake.tenant.phone_number_id, messages=messages)))
            for forward, backward in batches
            for function, messages in ((intake.function, forward), (other, backward))
        ]
        assert {done.result().status for done in sent} == {200}
    stored = intake.rows(
        "SELECT count(*), count(DISTINCT m.external_message_id), count(DISTINCT (m.conversation_id, m.seq))"
        " FROM platform.messages m JOIN platform.conversations c ON c.id = m.conversation_id"
        " WHERE c.customer_external_id = ANY(%s)",
        customers,
    )
    assert stored == [(400, 400, 400)]


def test_a_login_that_row_security_does_not_bind_serves_nobody(intake: Intake, tmp_path: Path) -> None:
    """T-01."""
    settings = {**intake.function.environment, "DATABASE_URL": intake.database.url("postgres")}
    with running(tmp_path, settings) as function:
        assert function.deliver(intake.body(wamid=(wamid := new_wamid()))).status == 503
    assert intake.stored(wamid) == 0
