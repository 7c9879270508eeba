"""Whatever the order, the repetitions and the batches in which a set of events arrives, the rows end the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.channels.outbound import make_reply
from tests.channels.recorded import Intake, delivery_of, recording
from tests.functions.webhook_intake.bodies import change, envelope, new_wamid, status, text_message
from tests.support.tenants import Tenant, make_conversation, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

NOW = int(time.time()) - 60
CUSTOMERS = ("5511900000001", "5511900000002", "5511900000003")
EVENTS = 18  # as many as `_events` makes


@pytest.fixture(scope="module")
def intake(shared_database: Database) -> Iterator[Intake]:
    with recording(shared_database) as opened:
        yield opened


def _events(tenants: list[Tenant], prefix: str, outbox_id: str) -> list[dict[str, Any]]:
    """Two tenants' changes: bursts, a late message, statuses with and without our id, and what is not understood."""
    first, second = (tenant.phone_number_id for tenant in tenants)
    found = []
    for number in range(6):
        wamid = f"{prefix}.m{number}"
        message = text_message(wamid=wamid, customer=CUSTOMERS[number % 2], at=NOW + number, text=f"texto {number}")
        found.append(change(first if number < 4 else second, messages=[message]))
    late = text_message(wamid=f"{prefix}.late", customer=CUSTOMERS[2], at=NOW - 13 * 3600, text="ontem")
    fresh = text_message(wamid=f"{prefix}.fresh", customer=CUSTOMERS[2], at=NOW, text="hoje")
    found += [change(first, messages=[late]), change(first, messages=[fresh])]
    failure = [{"code": 131026, "title": "Undeliverable"}]
    for number, name in enumerate(("sent", "delivered", "read", "failed", "played")):
        errors = {"errors": failure} if name == "failed" else {}
        known = status(f"{prefix}.known", name, at=NOW + number, **errors)
        found.append(change(first, statuses=[known]))
    for number, name in enumerate(("sent", "failed")):
        told = status(f"{prefix}.told", name, at=NOW + number, biz_opaque_callback_data=outbox_id)
        found.append(change(second, statuses=[told]))
    found.append(change(first, messages=[{"type": "image", "id": f"{prefix}.image"}]))
    found.append(change(f"{prefix}-nobody", messages=[text_message(wamid=f"{prefix}.nobody", at=NOW)]))
    found.append({"field": "account_update", "value": {"event": prefix}})
    return found


def _rows(intake: Intake, tenants: list[Tenant], prefix: str) -> dict[str, list[Any]]:
    """Everything that the events left, without what differs from run to run: ids, accounts and times of receipt."""
    ids = [tenant.organization_id for tenant in tenants]
    mine = "array_position(%s::uuid[], organization_id)"
    strip = f"replace(external_message_id, '{prefix}', '')"
    return {
        "conversations": intake.rows(
            f"SELECT {mine}, customer_external_id, status, automation_state, assigned_to_human, escalated_at IS NULL,"
            " last_in_seq, last_inbound_at, first_pending_at IS NULL, run_at IS NULL FROM platform.conversations"
            " WHERE organization_id = ANY(%s) AND customer_external_id = ANY(%s) ORDER BY 1, 2",
            ids,
            ids,
            list(CUSTOMERS),
        ),
        "inbound": intake.rows(
            f"SELECT {mine}, {strip}, text_content, platform_timestamp, delivery_status FROM platform.messages"
            " WHERE organization_id = ANY(%s) AND direction = 'inbound' ORDER BY 1, 2",
            ids,
            ids,
        ),
        "places": intake.rows(
            "SELECT array_agg(seq ORDER BY seq) FROM platform.messages WHERE organization_id = ANY(%s)"
            " AND direction = 'inbound' GROUP BY conversation_id ORDER BY 1",
            ids,
        ),
        "outbound": intake.rows(
            f"SELECT {mine}, {strip}, delivery_status, sent_at, delivered_at, read_at, failed_at, error_code"
            " FROM platform.messages WHERE organization_id = ANY(%s) AND direction = 'outbound' ORDER BY 1, 2",
            ids,
            ids,
        ),
        "outbox": intake.rows(
            f"SELECT {mine}, state, provider_message_id IS NULL, duplicate_detected_at FROM platform.outbox"
            " WHERE organization_id = ANY(%s) ORDER BY 1, 2",
            ids,
            ids,
        ),
        "statuses": intake.rows(
            f"SELECT {mine}, status, occurred_at, outbox_id IS NULL FROM platform.message_statuses"
            " WHERE organization_id = ANY(%s) ORDER BY 1, 2, 3",
            ids,
            ids,
        ),
        "events": intake.rows(
            f"SELECT {mine}, event_type, status, count(*) FROM integrations.webhook_events"
            " WHERE organization_id = ANY(%s) OR account_identifier = %s OR payload->'change'->'value'->>'event' = %s"
            " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            ids,
            ids,
            f"{prefix}-nobody",
            prefix,
        ),
    }


def _play(intake: Intake, order: list[int], sizes: list[int]) -> dict[str, list[Any]]:
    """Record the events in this order, cut into groups of deliveries of changes; return what is there afterwards."""
    database, prefix = intake.database, new_wamid()
    tenants = [make_organization(database) for _ in range(2)]
    known = make_reply(database, tenants[0], state="accepted", wamid=f"{prefix}.known")
    assert known.message_id
    conversation_id = make_conversation(database, tenants[1])
    told = make_reply(database, tenants[1], state="uncertain", conversation_id=conversation_id)
    events = _events(tenants, prefix, str(told.outbox_id))
    assert len(events) == EVENTS
    waiting = [events[number] for number in order]
    cuts = iter(sizes)
    while waiting:
        group = []
        for _ in range(next(cuts, 1)):
            size = next(cuts, 1)
            group.append(delivery_of(envelope(*waiting[:size])))
            waiting = waiting[size:]
        intake.record(*group)
    return _rows(intake, tenants, prefix)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(range(EVENTS)),
    repeated=st.lists(st.tuples(st.integers(0, EVENTS - 1), st.integers(0, EVENTS)), max_size=10),
    sizes=st.lists(st.integers(1, 5), max_size=20),
)
def test_any_order_repetition_and_batching_ends_in_the_same_rows(
    intake: Intake, order: list[int], repeated: list[tuple[int, int]], sizes: list[int]
) -> None:
    """C-07, C-09, I1, I4."""
    played = list(order)
    for number, place in repeated:
        played.insert(place, number)
    assert _play(intake, played, sizes) == _play_in_order(intake)


_in_order: dict[str, dict[str, list[Any]]] = {}


def _play_in_order(intake: Intake) -> dict[str, list[Any]]:
    """The rows when everything comes once, alone and in order."""
    if intake.database.name not in _in_order:
        _in_order[intake.database.name] = _play(intake, list(range(EVENTS)), [])
    return _in_order[intake.database.name]


def test_the_rows_in_order_are_what_the_events_say(intake: Intake) -> None:
    """Negative control: what the property compares is not empty, and an event that is missing shows."""
    rows = _play_in_order(intake)
    assert [len(rows[name]) for name in ("conversations", "inbound", "outbound", "statuses")] == [5, 8, 2, 7]
    assert rows["places"] == [[1], [1], [1, 2], [1, 2], [1, 2]]
    assert [row[1] for row in rows["outbox"]] == ["accepted", "accepted"]
    for missing in (0, 6, 10, 14, 15):
        assert _play(intake, [number for number in range(EVENTS) if number != missing], []) != rows
