"""What the database makes of deliveries, as the intake role."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pg8000.dbapi
import pytest

from shared.channels.deliveries import BurstRules, Counts, Delivery, as_quarantined
from shared.platform.database_errors import ConstraintViolated
from tests.channels.recorded import RULES, Intake, delivery_of, recording
from tests.functions.webhook_intake.bodies import change, envelope, new_wamid, status, text_message
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


@pytest.fixture(scope="module")
def intake(shared_database: Database) -> Iterator[Intake]:
    with recording(shared_database) as opened:
        yield opened


@pytest.fixture
def tenant(shared_database: Database) -> Tenant:
    return make_organization(shared_database)


def test_a_message_becomes_an_event_a_message_and_a_wake_up_in_one_round_trip(intake: Intake, tenant: Tenant) -> None:
    wamid, sent_at = new_wamid(), int(time.time()) - 5
    contacts = [{"profile": {"name": "Maria"}, "wa_id": "5511987654321"}]
    message = text_message(wamid=wamid, at=sent_at, text="Têm pão?")
    body = envelope(change(tenant.phone_number_id, contacts=contacts, messages=[message]))
    intake.record()  # connects
    before = intake.pool.round_trips
    recorded = intake.record_bodies(body)
    assert intake.pool.round_trips == before + 1

    (wake_up,) = recorded.wake_ups
    assert recorded.counts == [Counts(new=1, duplicate=0, unparsed=0, quarantined=0)]
    assert wake_up.organization_id == tenant.organization_id
    assert timedelta(seconds=1) < wake_up.run_at - datetime.now(UTC) <= timedelta(seconds=2)
    columns = "id, channel, connection_id, customer_phone, customer_name, status, automation_state, last_in_seq, run_at"
    assert intake.conversation(tenant.organization_id, "5511987654321", columns) == (
        wake_up.conversation_id,
        "whatsapp",
        tenant.connection_id,
        "5511987654321",
        "Maria",
        "active",
        "auto",
        1,
        wake_up.run_at,
    )
    stored = intake.rows(
        "SELECT direction, message_type, sender_type, text_content, platform_timestamp, delivery_status, seq"
        " FROM platform.messages WHERE organization_id = %s AND external_message_id = %s",
        tenant.organization_id,
        wamid,
    )
    moment = datetime.fromtimestamp(sent_at, UTC)
    assert stored == [("inbound", "text", "customer", "Têm pão?", moment, "received", 1)]
    events = intake.rows(
        "SELECT e.event_type, e.status, e.payload, e.ordinal, d.status, d.item_count FROM integrations.webhook_events e"
        " JOIN integrations.webhook_deliveries d ON d.id = e.delivery_id AND d.received_at = e.delivery_received_at"
        " WHERE e.organization_id = %s",
        tenant.organization_id,
    )
    assert events == [("message.text", "processed", None, 0, "stored", 1)]


def test_a_repetition_changes_nothing_whatever_the_group(intake: Intake, tenant: Tenant) -> None:
    """C-07, I1."""
    body = envelope(change(tenant.phone_number_id, messages=[text_message()]))
    first = intake.record_bodies(body, body)
    again = intake.record_bodies(body)
    assert [counts.new for counts in (*first.counts, *again.counts)] == [1, 0, 0]
    assert [counts.duplicate for counts in (*first.counts, *again.counts)] == [0, 1, 1]
    assert (len(first.wake_ups), again.wake_ups) == (1, [])
    assert intake.conversation(tenant.organization_id, "5511987654321", "last_in_seq") == 1
    for table in ("platform.messages", "integrations.webhook_events"):
        assert intake.rows(f"SELECT count(*) FROM {table} WHERE organization_id = %s", tenant.organization_id) == [1]


def test_a_repetition_that_says_something_else_is_recorded_once_and_answers_nothing(
    intake: Intake, tenant: Tenant
) -> None:
    """I2."""
    wamid = new_wamid()
    bodies = [
        envelope(change(tenant.phone_number_id, messages=[text_message(wamid=wamid, at=1764000000, text=text)]))
        for text in ("um", "dois")
    ]
    intake.record_bodies(bodies[0], rules=BurstRules(quiet_seconds=2, ceiling_seconds=8, reply_max_age_seconds=1e9))
    for _ in range(2):
        assert intake.record_bodies(bodies[1]).counts == [Counts(0, 1, 0, 0)]
    events = intake.rows(
        "SELECT event_type, status, payload->>'text', error_message FROM integrations.webhook_events"
        " WHERE organization_id = %s ORDER BY created_at",
        tenant.organization_id,
    )
    assert events == [
        ("message.text", "processed", None, None),
        ("repeated.message.text", "processed", "dois", "differs from the first item with this key"),
    ]
    texts = intake.rows("SELECT text_content FROM platform.messages WHERE organization_id = %s", tenant.organization_id)
    assert texts == ["um"]


def test_a_delivery_for_three_tenants_reaches_three_tenants(intake: Intake, shared_database: Database) -> None:
    """C-04, C-05, I3."""
    tenants = [make_organization(shared_database) for _ in range(3)]
    changes = [
        change(tenant.phone_number_id, messages=[text_message(customer=f"55119{number:08d}") for number in range(4)])
        for tenant in tenants
    ]
    changes[1]["value"]["messages"][2]["text"] = None
    recorded = intake.record_bodies(envelope(*changes))
    assert recorded.counts == [Counts(new=11, duplicate=0, unparsed=1, quarantined=0)]
    assert len(recorded.wake_ups) == 11
    for tenant, messages in zip(tenants, (4, 3, 4), strict=True):
        found = intake.rows(
            "SELECT count(*) FROM platform.messages WHERE organization_id = %s AND connection_id = %s",
            tenant.organization_id,
            tenant.connection_id,
        )
        assert found == [messages]
    unparsed = intake.rows(
        "SELECT status, payload->'text', error_message FROM integrations.webhook_events"
        " WHERE organization_id = %s AND status <> 'processed'",
        tenants[1].organization_id,
    )
    assert unparsed == [("unparsed", None, "a text message has no text.body")]


def test_an_unknown_account_is_nobody_s_and_counts_anew_once_it_is_connected(
    intake: Intake, shared_database: Database
) -> None:
    """C-04, I9."""
    tenant = make_organization(shared_database)
    intake.rows("UPDATE integrations.connections SET status = 'revoked' WHERE id = %s", tenant.connection_id)
    body = envelope(
        change(tenant.phone_number_id, messages=[text_message(text="quem?")], statuses=[status("w", "read")])
    )
    assert intake.record_bodies(body).counts == [Counts(new=0, duplicate=0, unparsed=0, quarantined=2)]
    assert intake.record_bodies(body).counts == [Counts(new=0, duplicate=2, unparsed=0, quarantined=0)]
    events = intake.rows(
        "SELECT organization_id, connection_id, status, payload->>'text', error_message"
        " FROM integrations.webhook_events WHERE account_identifier = %s AND event_type = 'message.text'",
        tenant.phone_number_id,
    )
    assert events == [(None, None, "quarantined", "quem?", "no connection has this account")]

    intake.rows("UPDATE integrations.connections SET status = 'active' WHERE id = %s", tenant.connection_id)
    recorded = intake.record_bodies(body)
    assert recorded.counts == [Counts(new=2, duplicate=0, unparsed=0, quarantined=0)]
    assert [wake_up.organization_id for wake_up in recorded.wake_ups] == [tenant.organization_id]


def test_messages_follow_the_provider_s_time_and_then_their_arrival(intake: Intake, tenant: Tenant) -> None:
    """I4."""
    now = int(time.time())
    messages = [text_message(at=at, text=text) for at, text in ((now, "c"), (now - 9, "a"), (now, "d"), (now - 5, "b"))]
    intake.record_bodies(envelope(change(tenant.phone_number_id, messages=messages)))
    intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message(at=now, text="e")])))
    order = intake.rows(
        "SELECT text_content, seq FROM platform.messages WHERE organization_id = %s ORDER BY seq",
        tenant.organization_id,
    )
    assert order == [("a", 1), ("b", 2), ("c", 3), ("d", 4), ("e", 5)]


def test_a_burst_is_one_wake_up_and_waits_for_quiet_up_to_the_ceiling(intake: Intake, tenant: Tenant) -> None:
    """A-01."""
    rules = BurstRules(quiet_seconds=60, ceiling_seconds=60.2, reply_max_age_seconds=3600)
    runs = []
    for _ in range(3):
        recorded = intake.record_bodies(
            envelope(change(tenant.phone_number_id, messages=[text_message()])), rules=rules
        )
        runs.append(len(recorded.wake_ups))
        time.sleep(0.15)  # the burst goes on past the 0.2 s that the ceiling leaves
    assert runs == [1, 0, 0]
    first, run_at = intake.conversation(tenant.organization_id, "5511987654321", "first_pending_at, run_at")
    assert run_at - first == timedelta(seconds=60.2)


def test_after_a_finished_turn_the_next_message_wakes_again(intake: Intake, tenant: Tenant) -> None:
    body = envelope(change(tenant.phone_number_id, messages=[text_message()]))
    intake.record_bodies(body)
    intake.rows(
        "UPDATE platform.conversations SET done_seq = last_in_seq, run_at = NULL, first_pending_at = NULL"
        " WHERE organization_id = %s",
        tenant.organization_id,
    )
    assert len(intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message()]))).wake_ups) == 1


@pytest.mark.parametrize("state", ["human", "paused", "dead"])
def test_a_conversation_that_people_have_is_stored_and_not_woken(intake: Intake, tenant: Tenant, state: str) -> None:
    intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message()])))
    intake.rows(
        "UPDATE platform.conversations SET automation_state = %s, run_at = NULL WHERE organization_id = %s",
        state,
        tenant.organization_id,
    )
    assert intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message()]))).wake_ups == []
    columns = "automation_state, last_in_seq, run_at"
    assert intake.conversation(tenant.organization_id, "5511987654321", columns) == (state, 2, None)


def test_a_resolved_conversation_is_followed_by_a_new_one(intake: Intake, tenant: Tenant) -> None:
    intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message()])))
    intake.rows(
        "UPDATE platform.conversations SET status = 'resolved' WHERE organization_id = %s", tenant.organization_id
    )
    assert len(intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message()]))).wake_ups) == 1
    found = intake.rows(
        "SELECT status, last_in_seq FROM platform.conversations WHERE organization_id = %s ORDER BY status",
        tenant.organization_id,
    )
    assert found == [("active", 1), ("resolved", 1)]


@pytest.mark.parametrize(("hours", "rules_hours"), [(13, 12), (6 * 24, 12), (40 * 24, 12), (25, 48)])
def test_a_late_message_goes_to_people(intake: Intake, tenant: Tenant, hours: int, rules_hours: int) -> None:
    """I5: later than the reply's age limit, or than the provider's window of 24 hours whatever the limit."""
    rules = BurstRules(quiet_seconds=2, ceiling_seconds=8, reply_max_age_seconds=rules_hours * 3600)
    late = text_message(at=time.time() - hours * 3600)
    recorded = intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[late])), rules=rules)
    assert recorded.counts == [Counts(1, 0, 0, 0)]
    assert recorded.wake_ups == []
    columns = "status, automation_state, assigned_to_human, escalated_at IS NOT NULL, run_at, last_in_seq"
    expected = ("escalated", "human", True, True, None, 1)
    assert intake.conversation(tenant.organization_id, "5511987654321", columns) == expected
    reasons = intake.rows(
        "SELECT action, metadata->>'reason' FROM audit.activity_logs WHERE organization_id = %s", tenant.organization_id
    )
    assert reasons == [("conversation.escalated", "message_too_old")]


@pytest.mark.parametrize("late_first", [True, False])
def test_one_late_message_gives_the_whole_conversation_to_people(
    intake: Intake, tenant: Tenant, *, late_first: bool
) -> None:
    """I5."""
    messages = [text_message(at=time.time() - 13 * 3600), text_message()]
    for message in messages if late_first else messages[::-1]:
        intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[message])))
    columns = "status, automation_state, assigned_to_human, first_pending_at, run_at, last_in_seq"
    expected = ("escalated", "human", True, None, None, 2)
    assert intake.conversation(tenant.organization_id, "5511987654321", columns) == expected


@pytest.mark.parametrize("timestamp", ["12", "99999999999", "yesterday", "", "-1", "1e9", "4102444800"])
def test_a_time_that_cannot_be_true_is_the_time_of_receipt_and_flagged(
    intake: Intake, tenant: Tenant, timestamp: str
) -> None:
    """C-16, V8."""
    recorded = intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message(at=timestamp)])))
    assert len(recorded.wake_ups) == 1
    stored = intake.rows(
        "SELECT platform_timestamp = received_at, metadata FROM platform.messages WHERE organization_id = %s",
        tenant.organization_id,
    )
    assert stored == [(True, {"timestamp_unusable": True})]


def test_one_refused_value_leaves_nothing_of_its_group_and_the_pool_in_order(intake: Intake, tenant: Tenant) -> None:
    good = delivery_of(envelope(change(tenant.phone_number_id, messages=[text_message()])))
    bad = delivery_of(envelope(change(tenant.phone_number_id, messages=[text_message()])))
    bad.items[0]["event_type"] = ""
    with pytest.raises(ConstraintViolated):
        intake.record(good, bad)
    assert intake.rows("SELECT count(*) FROM platform.messages WHERE organization_id = %s", tenant.organization_id) == [
        0
    ]
    assert intake.record(good).counts == [Counts(1, 0, 0, 0)]
    quarantined = as_quarantined(bad, reason="why")
    quarantined.items[0]["event_type"] = "x"
    assert intake.record(quarantined).counts == [Counts(0, 0, 1, 0)]
    kept = intake.rows(
        "SELECT d.status, d.quarantine_reason, e.payload->>'kind' FROM integrations.webhook_deliveries d"
        " JOIN integrations.webhook_events e ON e.delivery_id = d.id WHERE d.id = %s",
        bad.id,
    )
    assert kept == [("quarantined", "why", "message")]


def test_a_delivery_without_items_is_kept_with_its_reason(intake: Intake) -> None:
    delivery = Delivery(
        provider="whatsapp",
        raw=b"not json",
        verified_by="app-secret-test",
        headers={"content-type": "text/plain"},
        status="quarantined",
        quarantine_reason="not_json",
    )
    assert intake.record(delivery).counts == [Counts(0, 0, 0, 0)]
    kept = intake.rows(
        "SELECT status, quarantine_reason, sealed_body, body_key_id, body_size, headers, verified_by, item_count"
        " FROM integrations.webhook_deliveries WHERE id = %s",
        delivery.id,
    )
    headers = {"content-type": "text/plain"}
    assert kept == [("quarantined", "not_json", b"not json", "deliveries-test", 8, headers, "app-secret-test", 0)]


def test_a_missing_month_is_made_and_the_delivery_recorded(database: Database) -> None:
    """P1, L-01."""
    tenant = make_organization(database)
    month = datetime.now(UTC).strftime("%Y_%m")
    with recording(database) as intake:
        for table in ("webhook_deliveries", "webhook_events"):
            intake.rows(f"DROP TABLE integrations.{table}_{month}")
        recorded = intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message()])))
        assert recorded.counts == [Counts(1, 0, 0, 0)]
        assert intake.pool.partitions_made == 2


def test_the_intake_role_can_do_nothing_else(intake: Intake, tenant: Tenant) -> None:
    """T-06, D26."""
    intake.record_bodies(envelope(change(tenant.phone_number_id, messages=[text_message()])))
    connection = intake.database.connect("intake")
    cursor = connection.cursor()
    statements = [
        "SELECT 1 FROM integrations.connections",
        "SELECT 1 FROM integrations.webhook_deliveries",
        "SELECT 1 FROM platform.messages",
        "INSERT INTO integrations.webhook_keys (provider, account, event_key) VALUES ('a', 'b', 'c')",
        "SELECT platform.apply_statuses(gen_random_uuid(), 'w')",
        "SELECT integrations.settle_statuses('{}', '{}', '{}', now())",
        "SELECT integrations.record_differences('[]', '[]', now())",
    ]
    for statement in statements:
        with pytest.raises(pg8000.dbapi.DatabaseError) as refused:
            cursor.execute(statement)
        assert refused.value.args[0]["C"] == "42501", statement
    connection.close()


def test_a_big_delivery_is_recorded_within_the_statement_s_time(intake: Intake, tenant: Tenant) -> None:
    messages = [text_message(customer=f"55119{number:08d}") for number in range(2000)]
    statuses = [status(f"{uuid4()}", "delivered") for _ in range(2000)]
    body = envelope(change(tenant.phone_number_id, messages=messages, statuses=statuses))
    began = time.monotonic()
    assert intake.record_bodies(body).counts == [Counts(4000, 0, 0, 0)]
    assert time.monotonic() - began < 8
    assert RULES.quiet_seconds == 2
