"""An organization whose customer sent media, a provider that has them, and a bucket."""

from __future__ import annotations

import contextlib
import socket
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretBytes, SecretStr

from infra.local.object_storage import ObjectStorage
from shared.media.fetching import Fetching
from shared.media.hosts import origin_name
from shared.media.transfers import Means, run_transfer
from shared.platform.database import connect
from shared.platform.settings import DatabaseSettings, StorageSettings
from shared.platform.storage import CloudStorage
from tests.media.provider import MediaProvider, serving
from tests.support.tenants import Tenant, make_conversation, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.media.models import TransferReport
    from tests.support.database import Database

BUCKET = "media"
TOKEN = "EAAtesttoken"  # noqa: S105 - of nobody
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@dataclass
class Scene:
    """Everything that a transfer touches."""

    database: Database
    provider: MediaProvider
    means: Means
    tenant: Tenant
    storage_url: str
    superuser: Any
    _conversations: dict[UUID, UUID] = field(default_factory=dict)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Run a statement as the superuser; rows of one column come as values."""
        cursor = self.superuser.cursor()
        cursor.execute(statement, values)
        return [row[0] if len(row) == 1 else tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def message(self, *, tenant: Tenant | None = None) -> UUID:
        """A message of a customer."""
        owner = tenant or self.tenant
        conversation = self._conversations.get(owner.organization_id)
        if conversation is None:
            conversation = self._conversations[owner.organization_id] = make_conversation(self.database, owner)
        message_id = uuid4()
        self.rows(
            "INSERT INTO platform.messages (id, organization_id, conversation_id, connection_id, direction,"
            " message_type, sender_type, platform_timestamp)"
            " VALUES (%s, %s, %s, %s, 'inbound', 'image', 'customer', now())",
            message_id,
            owner.organization_id,
            conversation,
            owner.connection_id,
        )
        return message_id

    def transfer(self, media_id: str | None, *, tenant: Tenant | None = None, **columns: object) -> UUID:
        """A pending transfer, as intake adds it; a message of its own unless `message_id` is given."""
        owner = tenant or self.tenant
        values: dict[str, object] = {
            "id": uuid4(),
            "organization_id": owner.organization_id,
            "connection_id": owner.connection_id,
            "ordinal": 0,
            "kind": "image",
            "provider_media_id": media_id,
            **columns,
        }
        values.setdefault("message_id", None)
        if values["message_id"] is None:
            values["message_id"] = self.message(tenant=owner)
        names = ", ".join(values)
        marks = ", ".join(["%s"] * len(values))
        self.rows(f"INSERT INTO platform.media_transfers ({names}) VALUES ({marks})", *values.values())
        return UUID(str(values["id"]))

    def run(self, transfer_id: UUID, *, tenant: Tenant | None = None, **means: Any) -> TransferReport:
        """One run, by parts that a test may replace."""
        owner = tenant or self.tenant
        return run_transfer(
            replace(self.means, **means), organization_id=owner.organization_id, transfer_id=transfer_id
        )

    def due(self, transfer_id: UUID) -> None:
        """Let the pause of a transfer be over."""
        self.rows("UPDATE platform.media_transfers SET next_attempt_at = now() WHERE id = %s", transfer_id)

    def state(self, transfer_id: UUID) -> tuple[str, str | None]:
        """The transfer's state and error."""
        ((state, code),) = self.rows(
            "SELECT state, error_code FROM platform.media_transfers WHERE id = %s", transfer_id
        )
        return state, code

    def media_of(self, transfer_id: UUID) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """What the transfer's message says: its media, and what was read of them by ordinal."""
        ((media, reading),) = self.rows(
            "SELECT m.media_urls, m.metadata -> 'media_reading' FROM platform.messages m"
            " JOIN platform.media_transfers t ON t.message_id = m.id WHERE t.id = %s",
            transfer_id,
        )
        return media, reading

    def objects(self, tenant: Tenant | None = None) -> list[str]:
        """The names of the organization's objects."""
        prefix = f"media/{(tenant or self.tenant).organization_id}/"
        return self.means.storage.names(BUCKET, prefix, start="", end="~", limit=1000)

    def assets(self) -> list[Any]:
        """The organization's assets: id, path, type, size, state."""
        return self.rows(
            "SELECT id, storage_path, mime_type, file_size_bytes, state FROM platform.media_assets"
            " WHERE organization_id = %s ORDER BY created_at",
            self.tenant.organization_id,
        )


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a storage emulator."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    storage = ObjectStorage(tmp_path_factory.mktemp("objects"), buckets=(BUCKET,), listening=listening)
    storage.start()
    yield storage.url
    storage.stop()


def database_settings(database: Database) -> DatabaseSettings:
    """The settings of the application's login."""
    return DatabaseSettings(
        database_url=SecretStr(database.url("application")),
        tenant_context_key=SecretBytes(database.tenant_context_key),
        database_pool_size=4,
    )


@pytest.fixture(scope="module")
def parts(shared_database: Database, emulator: str) -> Iterator[Means]:
    """What all tests of a module share: connections and the storage client."""
    application = connect(database_settings(shared_database))
    storage = CloudStorage(StorageSettings(media_bucket=BUCKET, storage_emulator_host=emulator))
    fetching = Fetching()
    yield Means(
        database=application,
        storage=storage,
        bucket=BUCKET,
        fetching=fetching,
        graph_url="",
        open_token=lambda _: TOKEN,
    )
    application.close()
    storage.close()


@pytest.fixture
def scene(shared_database: Database, parts: Means, emulator: str) -> Iterator[Scene]:
    """An organization of its own for each test, and its provider."""
    with serving() as provider:
        fetching = Fetching(trusted=frozenset({origin_name(provider.url)}), total_seconds=2.0, read_seconds=0.5)
        means = replace(parts, fetching=fetching, graph_url=provider.graph_url)
        with contextlib.closing(shared_database.superuser()) as superuser:
            yield Scene(shared_database, provider, means, make_organization(shared_database), emulator, superuser)
        fetching.close()


def sorted_id(milliseconds: int) -> UUID:
    """A UUIDv7 of that moment."""
    return UUID(int=(milliseconds << 80) | (7 << 76) | (0b10 << 62) | (uuid.uuid4().int & ((1 << 62) - 1)))
