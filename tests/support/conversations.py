"""One organization's conversation, as the customer and the workers see it: what a test of turns begins with."""

from __future__ import annotations

import contextlib
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pg8000
from pydantic import SecretBytes, SecretStr

from shared.channels.deliveries import BurstRules, Delivery, WakeUp, record_deliveries
from shared.conversations.models import TurnTimes
from shared.kit.errors import Unavailable
from shared.kit.ids import new_id
from shared.platform.database import Database, connect
from shared.platform.settings import DatabaseSettings
from tests.support.tenants import Tenant, enter_tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.channels.items import Item
    from tests.support.database import Database as TestDatabase

# Short enough for tests, in the order that the protocol needs: turn < lease < uncertain.
TIMES = TurnTimes(quiet=0.0, ceiling=0.0, lease=30.0, timeout=20.0, max_age=12 * 3600.0)


def open_database(database: TestDatabase, login: str, *, pool_size: int = 4) -> Database:
    """The product's own access to a test database, as one login; the caller closes it."""
    return connect(
        DatabaseSettings(
            database_url=SecretStr(database.url(login)),
            database_pool_size=pool_size,
            tenant_context_key=SecretBytes(database.tenant_context_key),
        )
    )


@dataclass
class Scene:
    """An organization, one of its customers, and the three logins that work for them."""

    clone: TestDatabase
    tenant: Tenant
    application: Database
    intake: Database
    worker: Database
    own: Any  # a pg8000 connection of the application role: it sees and changes this organization alone
    provider: str = "whatsapp"  # of its connection; see `become`
    patience: float = 0.0  # seconds for which intake is tried again while the database is away, as the provider does
    customer: str = field(default_factory=lambda: f"5511{secrets.randbelow(10**9):09d}")
    rules: BurstRules = field(
        default_factory=lambda: BurstRules(quiet_seconds=0.0, ceiling_seconds=0.0, reply_max_age_seconds=43200.0)
    )

    @property
    def organization_id(self) -> UUID:
        """The organization's id."""
        return self.tenant.organization_id

    @property
    def conversation_id(self) -> UUID:
        """The id of the customer's conversation (which the first message makes)."""
        found: UUID = self.value("SELECT id FROM platform.conversations WHERE customer_external_id = %s", self.customer)
        return found

    def rows(self, statement: str, *values: object) -> list[list[Any]]:
        """What a statement returns, of this organization's rows."""
        cursor = self.own.cursor()
        cursor.execute(statement, values)
        return [list(row) for row in cursor.fetchall()] if cursor.description else []

    def reconnect(self) -> None:
        """After the server was away."""
        self.close()
        self.own = _own_connection(self.clone, self.tenant)

    def close(self) -> None:
        """Close this scene's own connection, whatever its state."""
        with contextlib.suppress(pg8000.Error, OSError):
            self.own.close()

    def execute(self, statement: str, *values: object) -> None:
        """Changes this organization's rows."""
        self.own.cursor().execute(statement, values)

    def value(self, statement: str, *values: object) -> Any:
        """The first column of the only row."""
        [[found]] = self.rows(statement, *values)
        return found

    def conversation(self, *columns: str) -> Any:
        """One column of the conversation's row, or a list of several."""
        [row] = self.rows(
            f"SELECT {', '.join(columns)} FROM platform.conversations WHERE customer_external_id = %s", self.customer
        )
        return row[0] if len(columns) == 1 else row

    def says(self, *texts: str, ago: timedelta = timedelta(0)) -> list[WakeUp]:
        """The customer writes these messages; returns the wake-ups that intake would enqueue."""
        written = datetime.now(UTC) - ago
        return self._record([self._message(text, written + timedelta(milliseconds=n)) for n, text in enumerate(texts)])

    def become(self, provider: str) -> None:
        """The organization's account is one of another provider from now on, with an agent that answers there."""
        channel = "facebook" if provider == "messenger" else provider
        self.execute("UPDATE integrations.connections SET integration_type = %s, provider = %s", channel, provider)
        self.execute("UPDATE departments.agents SET agent_type = %s", f"{channel}_responder")
        self.provider = provider

    def echoes(self, text: str, *, provider_message_id: str, customer: str, outbox_id: UUID | None) -> list[WakeUp]:
        """Instagram or Messenger reports a message that was sent from the account; ours has our id."""
        item: Item = {
            "id": str(new_id()),
            "kind": "echo",
            "account": self.tenant.phone_number_id,
            "key": f"m:{provider_message_id}",
            "digest": secrets.token_hex(16),
            "event_type": "echo.text",
            "event_id": provider_message_id,
            "occurred_at": datetime.now(UTC).isoformat(),
            "customer": customer,
            "identities": [{"kind": "scoped_id", "value": customer, "match": customer}],
            "message_type": "text",
            "text": text,
            "outbox_id": str(outbox_id) if outbox_id else None,
        }
        return self._record([item])

    def reports(
        self, status: str, *, provider_message_id: str, outbox_id: UUID | None = None, error_code: str | None = None
    ) -> list[WakeUp]:
        """The provider reports a status of a message that we sent."""
        item: Item = {
            "id": str(new_id()),
            "kind": "status",
            "account": self.tenant.phone_number_id,
            "key": f"s:{provider_message_id}:{status}:{uuid4()}",
            "digest": secrets.token_hex(16),
            "event_type": f"status.{status}",
            "event_id": provider_message_id,
            "occurred_at": datetime.now(UTC).isoformat(),
            "status": status,
            "recipient": self.customer,
            "outbox_id": str(outbox_id) if outbox_id else None,
            "error_code": error_code,
        }
        return self._record([item])

    def takes_back(self, provider_message_id: str) -> list[WakeUp]:
        """The customer deletes a message."""
        item: Item = {
            "id": str(new_id()),
            "kind": "deletion",
            "account": self.tenant.phone_number_id,
            "key": f"d:{provider_message_id}",
            "digest": secrets.token_hex(16),
            "event_type": "deletion",
            "event_id": provider_message_id,
            "occurred_at": datetime.now(UTC).isoformat(),
            "customer": self.customer,
            "target": provider_message_id,
        }
        return self._record([item])

    def _message(self, text: str, written: datetime) -> Item:
        wamid = f"wamid.{uuid4()}"
        item: Item = {
            "id": str(new_id()),
            "kind": "message",
            "account": self.tenant.phone_number_id,
            "key": f"m:{wamid}",
            "digest": secrets.token_hex(16),
            "event_type": "message.text",
            "event_id": wamid,
            "occurred_at": written.isoformat(),
            "customer": self.customer,
            "text": text,
        }
        if self.provider != "whatsapp":
            item["identities"] = [{"kind": "scoped_id", "value": self.customer, "match": self.customer}]
        return item

    def _record(self, items: list[Item]) -> list[WakeUp]:
        delivery = Delivery(provider=self.provider, raw=b"{}", verified_by="test", headers={}, items=items)
        sealed = (b"sealed", "test")
        gives_up_at = time.monotonic() + self.patience
        while True:
            try:
                return record_deliveries(self.intake, [delivery], seal=lambda *_: sealed, rules=self.rules).wake_ups
            except Unavailable:
                if time.monotonic() >= gives_up_at:
                    raise
                time.sleep(0.1)


@contextlib.contextmanager
def scene_in(database: TestDatabase) -> Iterator[Scene]:
    """A scene in this database, with a connection whose token is the text `sealed`."""
    with contextlib.ExitStack() as stack:
        application, intake, worker = (
            stack.enter_context(contextlib.closing(open_database(database, login)))
            for login in ("application", "intake", "worker")
        )
        tenant = make_organization(database)
        scene = Scene(database, tenant, application, intake, worker, _own_connection(database, tenant))
        stack.callback(scene.close)
        scene.execute("UPDATE integrations.connections SET access_token = 'sealed'")
        yield scene


def _own_connection(database: TestDatabase, tenant: Tenant) -> Any:
    connection = database.connect("application")
    enter_tenant(connection, database, tenant.organization_id)
    return connection
