"""The limits of a connection and of a pair: what is too much waits, and nothing fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from shared.channels.outbox import Delivery, NotSent
from shared.channels.payloads import text_payload
from tests.channels.replies import begin, begun, commit_reply, finish, run
from tests.channels.waiting import queued
from tests.support.answers import ScriptedSender
from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.support.database import Database

COUNTED = "SELECT requests_this_hour FROM integrations.connections"


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    with scene_in(shared_database) as found:
        yield found


def limit(scene: Scene, per_hour: int) -> None:
    scene.execute("UPDATE integrations.connections SET rate_limit_per_hour = %s", per_hour)


def replies_of(scene: Scene, customers: int) -> list[UUID]:
    """One committed reply for each of several customers."""
    found = []
    for _ in range(customers):
        scene.customer = f"{int(scene.customer) + 1}"
        scene.says("oi?")
        [outbox_id] = queued(scene, text_payload("Sim!"))
        found.append(outbox_id)
    return found


def test_what_is_beyond_the_hours_requests_waits_for_the_next_hour(scene: Scene) -> None:
    limit(scene, 1)
    first, second = replies_of(scene, 2)
    assert isinstance(begin(scene, first), Delivery)
    found = begin(scene, second)
    assert isinstance(found, NotSent)
    assert (found.state, found.reason) == ("waiting", "rate_limit")
    assert found.at is not None
    assert timedelta(minutes=59) < found.at - datetime.now(UTC) <= timedelta(hours=1)
    assert scene.value(COUNTED) == 1
    scene.execute("UPDATE integrations.connections SET rate_limit_reset_at = now() - interval '1 second'")
    scene.execute("UPDATE platform.outbox SET not_before = now() WHERE id = %s", second)
    assert isinstance(begin(scene, second), Delivery)
    assert scene.value(COUNTED) == 1, "a new hour has begun"


def test_of_many_senders_no_more_than_the_limit_get_a_request(scene: Scene) -> None:
    """One statement marks the message and takes the request, so that nobody can come between."""
    limit(scene, 3)
    outbox_ids = replies_of(scene, 8)
    with ThreadPoolExecutor(max_workers=4) as threads:
        found = list(threads.map(lambda outbox_id: begin(scene, outbox_id), outbox_ids))
    assert sum(isinstance(one, Delivery) for one in found) == 3
    assert {one.reason for one in found if isinstance(one, NotSent) and one.state == "waiting"} == {"rate_limit"}
    assert scene.value(COUNTED) == 3


def test_a_connection_without_a_limit_counts_nothing(scene: Scene) -> None:
    """Its row would be the place where all its senders meet."""
    [outbox_id] = commit_reply(scene)
    assert isinstance(begin(scene, outbox_id), Delivery)
    assert scene.value(COUNTED) == 0


def test_what_may_not_be_sent_takes_no_request(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    limit(scene, 5)
    scene.execute("UPDATE platform.conversations SET last_inbound_at = now() - interval '25 hours'")
    assert begin(scene, outbox_id) == NotSent(state="held", reason="window_closed")
    assert scene.value(COUNTED) == 0


def test_a_limit_of_nothing_lets_nothing_through(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    limit(scene, 0)
    found = begin(scene, outbox_id)
    assert isinstance(found, NotSent)
    assert (found.state, found.reason) == ("waiting", "rate_limit")


def test_after_the_pair_limit_the_next_message_to_the_same_customer_waits_too(scene: Scene) -> None:
    """131056: at least six seconds; what comes after it does not overtake."""
    scene.says("oi?")
    [first] = queued(scene, text_payload("Um."))
    [second] = queued(scene, text_payload("Dois."))
    finish(scene, begun(scene, first), "retry", error_code="131056", retry_seconds=6.0)
    assert begin(scene, second) == NotSent(state="blocked", reason="previous_part")
    sender = ScriptedSender()
    assert run(scene, sender=sender).result == "waiting"
    scene.execute("UPDATE platform.outbox SET not_before = now()")
    run(scene, sender=sender)
    assert sender.texts == ["Um.", "Dois."]


def test_counting_beside_the_mark_would_let_too_many_through(scene: Scene) -> None:
    """The negative control: whoever reads the count first and writes it afterwards sends more than the limit."""
    limit(scene, 3)
    outbox_ids = replies_of(scene, 8)
    with ThreadPoolExecutor(max_workers=8) as threads:
        read = threads.map(lambda _: scene.application.tenant_once(scene.organization_id, COUNTED), outbox_ids)
        seen = [rows[0][0] for rows in read]
    assert sum(count < 3 for count in seen) > 3


def test_a_message_that_somebody_else_has_takes_no_request(scene: Scene) -> None:
    limit(scene, 5)
    [outbox_id] = replies_of(scene, 1)
    assert isinstance(begin(scene, outbox_id), Delivery)
    assert begin(scene, outbox_id) == NotSent(state="gone")
    assert scene.value(COUNTED) == 1
