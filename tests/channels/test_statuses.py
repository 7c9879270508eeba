"""What the database makes of statuses: order does not matter, and an uncertain send is settled by its own id."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shared.channels.deliveries import Counts
from tests.channels.outbound import make_reply
from tests.channels.recorded import Intake, recording
from tests.functions.webhook_intake.bodies import change, envelope, new_wamid, status
from tests.support.tenants import Tenant, enter_tenant, make_organization
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

NAMES = ("sent", "delivered", "read", "failed")
ERROR = [{"code": 131026, "title": "Message undeliverable", "error_data": {"details": "Undeliverable."}}]
MESSAGE = "delivery_status, sent_at, delivered_at, read_at, failed_at, error_code, error_detail"


@pytest.fixture(scope="module")
def intake(shared_database: Database) -> Iterator[Intake]:
    with recording(shared_database) as opened:
        yield opened


@pytest.fixture
def tenant(shared_database: Database) -> Tenant:
    return make_organization(shared_database)


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(1764000000 + seconds, UTC)


def report(tenant: Tenant, wamid: str, name: str, **more: Any) -> dict[str, Any]:
    """A delivery with one status, at a second of its own for each name."""
    at = 1764000000 + NAMES.index(name) if name in NAMES else 1764000099
    errors = {"errors": ERROR} if name == "failed" else {}
    return envelope(change(tenant.phone_number_id, statuses=[status(wamid, name, at=at, **errors, **more)]))


def columns_of(intake: Intake, table: str, row_id: object, columns: str) -> Any:
    return intake.rows(f"SELECT {columns} FROM platform.{table} WHERE id = %s", row_id)[0]


@pytest.mark.parametrize("order", list(itertools.permutations(NAMES)), ids="-".join)
def test_every_order_of_statuses_ends_in_the_same_message(
    intake: Intake, shared_database: Database, tenant: Tenant, order: tuple[str, ...]
) -> None:
    """C-09."""
    wamid = new_wamid()
    reply = make_reply(shared_database, tenant, state="accepted", wamid=wamid)
    for name in order:
        assert intake.record_bodies(report(tenant, wamid, name)).counts == [Counts(1, 0, 0, 0)]
    times = tuple(moment(second) for second in range(4))
    assert columns_of(intake, "messages", reply.message_id, MESSAGE) == ("read", *times, "131026", "Undeliverable.")
    assert intake.record_bodies(report(tenant, wamid, order[0])).counts == [Counts(0, 1, 0, 0)]


@pytest.mark.parametrize("order", list(itertools.permutations(("sent", "failed"))), ids="-".join)
def test_a_failure_counts_more_than_sent(
    intake: Intake, shared_database: Database, tenant: Tenant, order: tuple[str, ...]
) -> None:
    """C-09, C-10."""
    wamid = new_wamid()
    reply = make_reply(shared_database, tenant, state="accepted", wamid=wamid)
    for name in order:
        intake.record_bodies(report(tenant, wamid, name))
    expected = ("failed", moment(0), None, None, moment(3), "131026", "Undeliverable.")
    assert columns_of(intake, "messages", reply.message_id, MESSAGE) == expected


@pytest.mark.parametrize("name", ["played", "deleted", "levitated"])
def test_other_statuses_are_kept_and_change_no_message(
    intake: Intake, shared_database: Database, tenant: Tenant, name: str
) -> None:
    """C-09."""
    wamid = new_wamid()
    reply = make_reply(shared_database, tenant, state="accepted", wamid=wamid)
    intake.record_bodies(report(tenant, wamid, name))
    assert columns_of(intake, "messages", reply.message_id, "delivery_status, sent_at, read_at") == ("sent", None, None)
    kept = intake.rows("SELECT status FROM platform.message_statuses WHERE provider_message_id = %s", wamid)
    assert kept == [name]


def test_a_status_that_comes_before_its_message_is_applied_when_the_message_is_known(
    intake: Intake, shared_database: Database, tenant: Tenant
) -> None:
    """C-09, I4: as the application, which learns the provider's id from the answer to its call."""
    wamid = new_wamid()
    reply = make_reply(shared_database, tenant)
    intake.record_bodies(report(tenant, wamid, "delivered"), report(tenant, wamid, "sent"))
    assert columns_of(intake, "messages", reply.message_id, "delivery_status") == "pending"

    connection = shared_database.connect("application")
    enter_tenant(connection, shared_database, tenant.organization_id)
    cursor = connection.cursor()
    cursor.execute("UPDATE platform.messages SET external_message_id = %s WHERE id = %s", (wamid, reply.message_id))
    cursor.execute("SELECT platform.apply_statuses(%s, %s)", (tenant.organization_id, wamid))
    connection.close()
    found = columns_of(intake, "messages", reply.message_id, "delivery_status, sent_at, delivered_at")
    assert found == ("delivered", moment(0), moment(1))


def test_a_status_stored_while_its_message_is_recorded_is_seen_by_one_of_the_two(
    intake: Intake, shared_database: Database, tenant: Tenant
) -> None:
    """C-09: both transactions are open at the same time, in either order of their ends."""
    wamid = new_wamid()
    reply = make_reply(shared_database, tenant)
    connection = shared_database.connect("application")
    enter_tenant(connection, shared_database, tenant.organization_id)
    connection.autocommit = False
    cursor = connection.cursor()
    cursor.execute("UPDATE platform.messages SET external_message_id = %s WHERE id = %s", (wamid, reply.message_id))
    cursor.execute("SELECT platform.apply_statuses(%s, %s)", (tenant.organization_id, wamid))

    recording = threading.Thread(target=intake.record_bodies, args=(report(tenant, wamid, "read"),))
    recording.start()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    eventually(lambda: intake.rows(waiting) == [1], within=5)
    connection.commit()
    recording.join()
    connection.close()
    assert columns_of(intake, "messages", reply.message_id, "delivery_status") == "read"


@pytest.mark.parametrize("state", ["sending", "uncertain", "ready", "held", "cancelled"])
@pytest.mark.parametrize("name", ["sent", "delivered", "failed"])
def test_a_status_with_our_id_settles_the_send(
    intake: Intake, shared_database: Database, tenant: Tenant, state: str, name: str
) -> None:
    """C-18, K6: whatever became of the provider's answer, it has the message."""
    wamid = new_wamid()
    reply = make_reply(shared_database, tenant, state=state)
    recorded = intake.record_bodies(report(tenant, wamid, name, biz_opaque_callback_data=str(reply.outbox_id)))
    columns = "state, provider_message_id, accepted_at IS NOT NULL, duplicate_detected_at"
    assert columns_of(intake, "outbox", reply.outbox_id, columns) == ("accepted", wamid, True, None)
    assert columns_of(intake, "messages", reply.message_id, "delivery_status, external_message_id") == (name, wamid)
    linked = intake.rows(
        "SELECT message_id, outbox_id FROM platform.message_statuses WHERE provider_message_id = %s", wamid
    )
    assert linked == [(reply.message_id, reply.outbox_id)]
    woken = [wake_up.conversation_id for wake_up in recorded.wake_ups]
    assert woken == ([reply.conversation_id] if state == "uncertain" else [])


def test_a_reply_that_was_never_tried_is_not_settled_by_a_status(
    intake: Intake, shared_database: Database, tenant: Tenant
) -> None:
    reply = make_reply(shared_database, tenant, state="ready", attempt=0)
    intake.record_bodies(report(tenant, new_wamid(), "sent", biz_opaque_callback_data=str(reply.outbox_id)))
    assert columns_of(intake, "outbox", reply.outbox_id, "state, provider_message_id") == ("ready", None)


def test_a_second_provider_id_for_one_reply_is_flagged_as_a_duplicate(
    intake: Intake, shared_database: Database, tenant: Tenant
) -> None:
    """RELIABILITY 5.6."""
    first, second = new_wamid(), new_wamid()
    reply = make_reply(shared_database, tenant, state="accepted", wamid=first)
    intake.record_bodies(report(tenant, second, "sent", biz_opaque_callback_data=str(reply.outbox_id)))
    columns = "state, provider_message_id, duplicate_detected_at IS NOT NULL"
    assert columns_of(intake, "outbox", reply.outbox_id, columns) == ("accepted", first, True)


def test_the_outbox_id_of_another_tenant_settles_nothing(
    intake: Intake, shared_database: Database, tenant: Tenant
) -> None:
    """C-04."""
    other = make_organization(shared_database)
    reply = make_reply(shared_database, other, state="uncertain")
    intake.record_bodies(report(tenant, new_wamid(), "sent", biz_opaque_callback_data=str(reply.outbox_id)))
    assert columns_of(intake, "outbox", reply.outbox_id, "state") == "uncertain"


def test_a_provider_id_of_another_tenant_s_message_changes_nothing_there(
    intake: Intake, shared_database: Database, tenant: Tenant
) -> None:
    """C-04."""
    other, wamid = make_organization(shared_database), new_wamid()
    reply = make_reply(shared_database, other, state="accepted", wamid=wamid)
    intake.record_bodies(report(tenant, wamid, "read"))
    assert columns_of(intake, "messages", reply.message_id, "delivery_status") == "sent"


def test_prices_are_summed_as_charges_once_per_message(intake: Intake, tenant: Tenant) -> None:
    """C-10."""
    price = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"}
    wamids = [new_wamid() for _ in range(3)]
    for wamid in wamids:
        origin = {"id": "c", "origin": {"type": "marketing"}}
        for name in ("sent", "delivered"):
            intake.record_bodies(report(tenant, wamid, name, pricing=price, conversation=origin))
    intake.record_bodies(report(tenant, new_wamid(), "sent", pricing={**price, "billable": False}))
    charges = intake.rows(
        "SELECT month, category, type, messages FROM platform.whatsapp_charges WHERE organization_id = %s",
        tenant.organization_id,
    )
    assert charges == [(datetime(2025, 11, 1, tzinfo=UTC), "marketing", "regular", 3)]
    kept = intake.rows(
        "SELECT DISTINCT pricing_model, pricing_billable, conversation_origin FROM platform.message_statuses"
        " WHERE organization_id = %s AND provider_message_id = %s",
        tenant.organization_id,
        wamids[0],
    )
    assert kept == [("PMP", True, "marketing")]
