"""A running webhook_intake with a database and a queue, shared by the tests of a module."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shared.platform.keysets import create_master_key_file
from tests.functions.webhook_intake.bodies import change, envelope, new_wamid, text_message
from tests.functions.webhook_intake.process import (
    INSTAGRAM_SECRET,
    PREVIOUS_SECRET,
    SECRET,
    VERIFY_TOKEN,
    Function,
    running,
)
from tests.functions.webhook_intake.task_queue import RecordingQueue
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

AGENT_EXECUTION_URL = "http://agent-execution.invalid/"
MEDIA_TRANSFER_URL = "http://media-transfer.invalid/"


@dataclass(frozen=True)
class Intake:
    """The function, and the superuser's view of its database."""

    function: Function
    database: Database
    queue: RecordingQueue
    tenant: Tenant

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Run a statement as the superuser; rows of one column come as values."""
        with contextlib.closing(self.database.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return [row[0] if len(row) == 1 else tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def count(self, table: str) -> int:
        """The rows of a table."""
        counted: int = self.rows(f"SELECT count(*) FROM {table}")[0]
        return counted

    def stored(self, wamid: str) -> int:
        """How many messages have this provider's id."""
        counted: int = self.rows("SELECT count(*) FROM platform.messages WHERE external_message_id = %s", wamid)[0]
        return counted

    def body(self, **message: Any) -> dict[str, Any]:
        """A delivery with one text message for the tenant."""
        return envelope(change(self.tenant.phone_number_id, messages=[text_message(**message)]))

    def canary(self) -> None:
        """A good delivery is accepted and stored: whatever came before did no harm."""
        wamid = new_wamid()
        reply = self.function.deliver(self.body(wamid=wamid))
        assert reply.status == 200, self.function.log.read_text(errors="replace")[-3000:]
        assert self.stored(wamid) == 1


def settings_of(database: Database, queue: RecordingQueue, **more: str) -> dict[str, str]:
    """What the function reads from its environment; the master key belongs to the database."""
    master_key = Path(os.environ["DEPARTMENTS_TEST_RUN"]) / f"master-key-of-{database.name}.json"
    if not master_key.exists():
        create_master_key_file(master_key)
    return {
        "DATABASE_URL": database.url("intake"),
        "META_APP_SECRETS": f"{SECRET.decode()},{PREVIOUS_SECRET.decode()}",
        "INSTAGRAM_APP_SECRETS": INSTAGRAM_SECRET.decode(),
        "META_VERIFY_TOKEN": VERIFY_TOKEN,
        "GOOGLE_CLOUD_PROJECT": "project",
        "GOOGLE_CLOUD_REGION": "region",
        "TASKS_SERVICE_ACCOUNT": "tasks@project.iam.gserviceaccount.com",
        "CLOUD_TASKS_ENDPOINT": queue.endpoint,
        "AGENT_EXECUTION_URL": AGENT_EXECUTION_URL,
        "MEDIA_TRANSFER_URL": MEDIA_TRANSFER_URL,
        "MASTER_KEY_FILE": str(master_key),
        **more,
    }


@pytest.fixture(scope="module")
def queue() -> Iterator[RecordingQueue]:
    serving = RecordingQueue()
    yield serving
    serving.stop()


@pytest.fixture(scope="module")
def intake(
    shared_database: Database, queue: RecordingQueue, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Intake]:
    folder = tmp_path_factory.mktemp("webhook_intake")
    with running(folder, settings_of(shared_database, queue)) as function:
        yield Intake(function, shared_database, queue, make_organization(shared_database))
