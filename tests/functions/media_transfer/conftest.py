"""The function as it is deployed: loaded once, one worker for each test, with a provider, a bucket and a sweep."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from functions.work_sweep.media import look_after_media
from shared.channels.access_tokens import token_place
from shared.kit.errors import Unavailable
from shared.platform.database import connect
from shared.platform.keys import Keys
from shared.platform.settings import DatabaseSettings, KeySettings
from tests.chaos.credentials import AUDIENCE, EMAIL, ISSUER, Credentials, make_credentials
from tests.chaos.processes import Host
from tests.media import conftest as media
from tests.media.provider import MediaProvider, serving
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from shared.media.transfers import Means
    from tests.chaos.processes import Worker
    from tests.support.database import Database

emulator = media.emulator
parts = media.parts
URL = "https://run.test/media_transfer"


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
    scene: media.Scene
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

    def task(self, transfer: UUID) -> dict[str, str]:
        """The body of a transfer's task."""
        return {"organization_id": str(self.scene.tenant.organization_id), "transfer_id": str(transfer)}

    def sweep(self, tasks: Tasks | None = None) -> dict[str, Any]:
        """One sweep, at once: a lease that a test lets end is over."""
        worker = connect(DatabaseSettings(database_url=self.scene.database.url("worker")))
        try:
            return look_after_media(worker, queue=tasks or Tasks(), media_url=URL, grace=0.0)
        finally:
            worker.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[MediaProvider]:
    """One provider for the function's whole life: its address is in the environment."""
    with serving() as found:
        yield found


@pytest.fixture(scope="module")
def hosted(
    shared_database: Database,
    emulator: str,
    provider: MediaProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Host, Credentials]]:
    """The function, loaded."""
    folder = tmp_path_factory.mktemp("function")
    credentials = make_credentials(folder)
    provider.pages["/certificates"] = credentials.certificates.read_bytes()
    environment = {
        "DATABASE_URL": shared_database.url("application"),
        "TENANT_CONTEXT_KEY": base64.b64encode(shared_database.tenant_context_key).decode(),
        "MASTER_KEY_FILE": str(credentials.master_key),
        "GRAPH_BASE_URL": provider.url,
        "GOOGLE_CLOUD_PROJECT": "test",
        "GOOGLE_CLOUD_REGION": "test",
        "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9",
        "TASKS_SERVICE_ACCOUNT": EMAIL,
        "MEDIA_TRANSFER_URL": URL,
        "MEDIA_BUCKET": media.BUCKET,
        "STORAGE_EMULATOR_HOST": emulator,
        "OIDC_ISSUER": ISSUER,
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_ALLOWED_EMAILS": EMAIL,
        "OIDC_CERTS_URL": f"{provider.url}/certificates",
    }
    host = Host("functions/media_transfer/main.py", environment, log=folder / "function.log")
    with contextlib.closing(host):
        yield host, credentials


@pytest.fixture
def deployment(
    hosted: tuple[Host, Credentials],
    shared_database: Database,
    parts: Means,
    provider: MediaProvider,
    emulator: str,
) -> Iterator[Deployment]:
    """An organization of its own whose connection has a token."""
    host, credentials = hosted
    provider.media.clear()
    provider.calls.clear()
    tenant = make_organization(shared_database)
    keys = Keys(KeySettings(master_key_file=credentials.master_key), parts.database)
    sealed = keys.encrypt_sensitive_data(
        media.TOKEN, organization_id=tenant.organization_id, place=token_place(tenant.connection_id)
    )
    with contextlib.closing(shared_database.superuser()) as superuser:
        superuser.cursor().execute(
            "UPDATE integrations.connections SET access_token = %s WHERE id = %s", (sealed, tenant.connection_id)
        )
        scene = media.Scene(shared_database, provider, parts, tenant, emulator, superuser)
        found = Deployment(host, credentials, scene)
        yield found
        for worker in found.workers:
            worker.signal(signal.SIGKILL)
