"""What a provider says about an account: a restriction pauses it, a warning is told once, good news end the warning."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from shared.channels.deliveries import Delivery, record_deliveries
from tests.support.conversations import scene_in
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.channels.items import Item
    from tests.support.database import Database

BUSINESS = "2220001"


@dataclass
class Watched:
    """An organization with a number of a business account; events are applied as intake's function does."""

    connection: Any
    tenant: Tenant
    business: str

    def rows(self, statement: str, *values: object) -> list[list[Any]]:
        cursor = self.connection.cursor()
        cursor.execute(statement, values)
        return [list(row) for row in cursor.fetchall()] if cursor.description else []

    def hears(self, event: str, field: str = "account_update", *, severity: str = "attention", **given: Any) -> int:
        item = {"provider": "whatsapp", "account": "", "business": self.business, "event_type": f"account.{field}",
                "event": event, "severity": severity, "detail": {"event": event}} | given  # fmt: skip
        self.rows("SET ROLE definer_role")  # with the rights of the function that intake calls
        try:
            [[paused]] = self.rows("SELECT integrations.apply_account_events(CAST(%s AS jsonb))", json.dumps([item]))
        finally:
            self.rows("RESET ROLE")
        return int(paused)

    def status(self) -> list[Any]:
        [row] = self.rows(
            "SELECT status, attention_reason FROM integrations.connections WHERE id = %s", self.tenant.connection_id
        )
        return row

    def alerts(self) -> list[list[Any]]:
        return self.rows(
            "SELECT kind, reason, cleared_at IS NULL FROM integrations.connection_alerts WHERE connection_id = %s"
            " ORDER BY raised_at",
            self.tenant.connection_id,
        )


@pytest.fixture
def watched(shared_database: Database) -> Iterator[Watched]:
    tenant = make_organization(shared_database)
    business = str(uuid4().int)[:15]
    with contextlib.closing(shared_database.superuser()) as connection:
        found = Watched(connection, tenant, business)
        found.rows(
            "UPDATE integrations.connections SET business_account_id = %s WHERE id = %s", business, tenant.connection_id
        )
        yield found


@pytest.mark.parametrize(
    "event",
    ["ACCOUNT_DELETED", "ACCOUNT_RESTRICTION", "ACCOUNT_OFFBOARDED", "DISABLED_UPDATE", "PARTNER_REMOVED"],
)
def test_a_restriction_or_removal_pauses_the_account_and_is_told_once(watched: Watched, event: str) -> None:
    """C-21: account_update."""
    assert [watched.hears(event), watched.hears(event)] == [1, 0]

    assert watched.status() == ["error", event.lower()]
    assert watched.alerts() == [["paused", event.lower(), True]]
    assert watched.rows(
        "SELECT action, metadata ->> 'reason' FROM audit.activity_logs WHERE resource_id = %s",
        watched.tenant.connection_id,
    ) == [["connection.needs_attention", event.lower()]]


def test_a_warning_pauses_nothing_and_is_told_once_for_each_template(watched: Watched) -> None:
    field = "message_template_status_update"
    for name in ("promo", "promo", "aviso"):
        watched.hears("PAUSED", field, detail={"message_template_name": name})

    assert watched.status() == ["active", None]
    assert watched.alerts() == [
        ["provider_warning", f"{field}:promo paused", True],
        ["provider_warning", f"{field}:aviso paused", True],
    ]


def test_good_news_about_a_template_ends_the_warning_about_it_alone(watched: Watched) -> None:
    field = "message_template_status_update"
    for name in ("promo", "promo_2"):
        watched.hears("PAUSED", field, detail={"message_template_name": name})

    watched.hears("APPROVED", field, severity="info", detail={"message_template_name": "promo"})

    assert [alert[2] for alert in watched.alerts()] == [False, True]


def test_news_of_another_kind_end_no_warning(watched: Watched) -> None:
    watched.hears("ACCOUNT_VIOLATION")

    watched.hears("PARTNER_ADDED", severity="info")

    assert watched.alerts() == [["provider_warning", "account_update account_violation", True]]
    assert watched.status() == ["active", None]


def test_an_event_of_another_business_concerns_nobody_here(watched: Watched) -> None:
    assert watched.hears("ACCOUNT_DELETED", business="999") == 0
    assert watched.hears("ACCOUNT_DELETED", provider="messenger") == 0
    assert (watched.status(), watched.alerts()) == (["active", None], [])


def test_an_event_that_names_the_account_concerns_it_alone(watched: Watched, shared_database: Database) -> None:
    other = make_organization(shared_database)

    assert watched.hears("DISABLED_UPDATE", account=other.phone_number_id) == 1

    assert watched.status() == ["active", None]


def test_a_business_with_two_numbers_pauses_both(watched: Watched, shared_database: Database) -> None:
    other = make_organization(shared_database)
    with contextlib.closing(shared_database.superuser()) as connection:
        connection.cursor().execute(
            "UPDATE integrations.connections SET business_account_id = %s WHERE id = %s",
            (watched.business, other.connection_id),
        )

    assert watched.hears("ACCOUNT_DELETED", detail="a plain text") == 2


def test_what_a_revoked_connection_is_told_is_nothing(watched: Watched) -> None:
    watched.rows("UPDATE integrations.connections SET status = 'revoked' WHERE id = %s", watched.tenant.connection_id)

    assert watched.hears("ACCOUNT_DELETED") == 0
    assert watched.alerts() == []


def test_an_account_event_that_intake_takes_in_pauses_the_connections_of_its_business(
    shared_database: Database,
) -> None:
    """C-21: the webhook names the business account and no number; a redelivery tells nobody again."""
    with scene_in(shared_database) as scene:
        business = str(uuid4().int)[:15]
        scene.execute("UPDATE integrations.connections SET business_account_id = %s", business)
        item: Item = {
            "id": str(uuid4()), "kind": "account", "account": "", "business": business, "key": f"a:{uuid4()}",
            "digest": "0" * 32, "event_type": "account.account_update", "event": "ACCOUNT_RESTRICTION",
            "severity": "attention", "detail": {"restriction_info": [{"restriction_type": "RESTRICTED_ADD_PHONE"}]},
        }  # fmt: skip
        delivery = Delivery(provider="whatsapp", raw=b"{}", verified_by="test", headers={}, items=[item])
        for _ in range(2):
            record_deliveries(scene.intake, [delivery], seal=lambda *_: (b"sealed", "test"), rules=scene.rules)

        assert scene.rows("SELECT status, attention_reason, last_error FROM integrations.connections") == [
            ["error", "account_restriction", '{"restriction_info": [{"restriction_type": "RESTRICTED_ADD_PHONE"}]}'],
        ]  # fmt: skip
        assert scene.rows("SELECT kind, reason FROM integrations.connection_alerts") == [
            ["paused", "account_restriction"],
        ]  # fmt: skip
