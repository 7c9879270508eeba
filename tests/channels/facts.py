"""Items as the three channels' parsers make them, for tests of what the database makes of them."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from shared.channels.deliveries import Delivery
from shared.kit.ids import new_id
from shared.kit.phone import match_key
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from shared.channels.items import Item
    from tests.support.database import Database

_numbers = itertools.count(int(time.time() * 1_000_000))


def phone(digits: str) -> dict[str, str]:
    """A phone number as a name."""
    return {"kind": "phone", "value": digits, "match": match_key(digits)}


def named(kind: str, value: str) -> dict[str, str]:
    """Another name: user_id, username or scoped_id."""
    return {"kind": kind, "value": value, "match": value}


@dataclass
class Channel:
    """An account of an organization at a provider, and the items that come from there."""

    provider: str
    account: str
    tenant: Tenant
    connection_id: UUID
    now: int = field(default_factory=lambda: int(time.time()) - 60)

    def item(self, kind: str, *, at: float = 0, key: str | None = None, **more: Any) -> Item:
        """An item whose time is `at` seconds after the channel's now."""
        item: Any = {
            "id": str(new_id()),
            "kind": kind,
            "account": self.account,
            "key": key or f"{kind}:{next(_numbers)}",
            "digest": secrets.token_hex(16),
            "event_type": f"{kind}.test",
            "occurred_at": datetime.fromtimestamp(self.now + at, UTC).isoformat(),
            **more,
        }
        if "identities" in item:
            item.setdefault("customer", item["identities"][0]["value"])
        return item  # type: ignore[no-any-return]

    def message(self, *names: dict[str, str], text: str | None = "Oi", mid: str | None = None, **more: Any) -> Item:
        """A message of the customer with these names."""
        mid = mid or new_mid()
        return self.item("message", key=f"m:{mid}", event_id=mid, text=text, identities=list(names), **more)

    def echo(self, *names: dict[str, str], text: str | None = "Olá", mid: str | None = None, **more: Any) -> Item:
        """A message that was sent from the account to this customer."""
        mid = mid or new_mid()
        return self.item("echo", key=f"m:{mid}", event_id=mid, text=text, identities=list(names), **more)

    def delivery(self, *items: Item) -> Delivery:
        """A delivery of these items."""
        return Delivery(provider=self.provider, raw=b"{}", verified_by="test", headers={}, items=list(items))


def new_mid() -> str:
    """A message id that no other message of this run has."""
    return f"mid.{next(_numbers)}"


def whatsapp_of(tenant: Tenant) -> Channel:
    """The organization's WhatsApp number."""
    return Channel("whatsapp", tenant.phone_number_id, tenant, tenant.connection_id)


def channel_of(database: Database, provider: str, tenant: Tenant | None = None) -> Channel:
    """A new account at a provider, of a new organization unless one is given."""
    tenant = tenant or make_organization(database)
    if provider == "whatsapp":
        return whatsapp_of(tenant)
    channel = Channel(provider, f"9{secrets.randbelow(10**14):014d}", tenant, uuid4())
    with contextlib.closing(database.superuser()) as connection:
        connection.cursor().execute(
            "INSERT INTO integrations.connections (id, organization_id, integration_type, provider, account_identifier)"
            " VALUES (%s, %s, %s, %s, %s)",
            (
                channel.connection_id,
                tenant.organization_id,
                "facebook" if provider == "messenger" else provider,
                provider,
                channel.account,
            ),
        )
    return channel
