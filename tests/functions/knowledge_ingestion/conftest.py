"""The function as it is deployed: loaded once, one worker for each test, with a bucket, a model and a sweep."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from functions.work_sweep.knowledge import look_after_knowledge
from shared.kit.errors import Unavailable
from shared.platform.database import connect
from shared.platform.settings import DatabaseSettings
from tests.chaos.credentials import AUDIENCE, EMAIL, ISSUER, Credentials, make_credentials
from tests.chaos.processes import Host
from tests.knowledge import conftest as knowledge
from tests.knowledge.ingesting import BUCKET, Knowing
from tests.knowledge.sites import Site, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from tests.chaos.processes import Worker
    from tests.support.database import Database

emulator = knowledge.emulator
application = knowledge.application
tenant = knowledge.tenant
bucket = knowledge.bucket
knowing = knowledge.knowing
URL = "https://run.test/knowledge_ingestion"


@dataclass
class Tasks:
    """A queue that keeps what it is asked for; it may be away."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        if self.away:
            raise Unavailable("the queue is away")
        self.asked.append({"queue": queue, "url": url, "at": at, "name": name, **payload})


@dataclass
class Deployment:
    """The running function with what it works on."""

    host: Host
    credentials: Credentials
    database: Database
    knowing: Knowing
    workers: list[Worker] = field(default_factory=list)

    def worker(self, **environment: str) -> Worker:
        """A new process of the function."""
        self.workers.append(self.host.fork(**environment))
        return self.workers[-1]

    def post(self, worker: Worker, body: object, *, token: str | None = None) -> httpx.Response:
        """One task."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.credentials.token if token is None else token}"}
        return httpx.post(worker.url, content=content, headers=headers, timeout=30.0, trust_env=False)

    def task(self, ingestion: UUID) -> dict[str, str]:
        """The body of a task."""
        return {"organization_id": str(self.knowing.organization_id), "ingestion_id": str(ingestion)}

    def sweep(self, tasks: Tasks) -> dict[str, Any]:
        """One sweep, at once."""
        worker = connect(DatabaseSettings(database_url=self.database.url("worker")))
        try:
            return look_after_knowledge(worker, queue=tasks, knowledge_url=URL, grace=0.0)
        finally:
            worker.close()

    def woken(self) -> list[dict[str, Any]]:
        """What a sweep wakes of the test's own organization."""
        tasks = Tasks()
        self.sweep(tasks)
        return [task for task in tasks.asked if task["organization_id"] == str(self.knowing.organization_id)]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """One site for the function's whole life: the model's address is in its environment."""
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def hosted(
    shared_database: Database, emulator: str, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Host, Credentials]]:
    """The function, loaded."""
    folder = tmp_path_factory.mktemp("function")
    credentials = make_credentials(folder)
    certificates = site.put("/certificates", credentials.certificates.read_bytes(), content_type="application/json")
    environment = {
        "DATABASE_URL": shared_database.url("application"),
        "TENANT_CONTEXT_KEY": base64.b64encode(shared_database.tenant_context_key).decode(),
        "GOOGLE_CLOUD_PROJECT": "test",
        "GOOGLE_CLOUD_REGION": "test",
        "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9",
        "TASKS_SERVICE_ACCOUNT": EMAIL,
        "KNOWLEDGE_INGESTION_URL": URL,
        "MEDIA_BUCKET": BUCKET,
        "STORAGE_EMULATOR_HOST": emulator,
        "EMBEDDING_URL": f"{site.url}/v1",
        "OIDC_ISSUER": ISSUER,
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_ALLOWED_EMAILS": EMAIL,
        "OIDC_CERTS_URL": certificates,
    }
    host = Host("functions/knowledge_ingestion/main.py", environment, log=folder / "function.log")
    with contextlib.closing(host):
        yield host, credentials


@pytest.fixture
def deployment(hosted: tuple[Host, Credentials], shared_database: Database, knowing: Knowing) -> Iterator[Deployment]:
    """The function for an organization of its own."""
    found = Deployment(*hosted, shared_database, knowing)
    yield found
    for worker in found.workers:
        worker.signal(signal.SIGKILL)
