"""C-09, C-17, C-18, C-20, C-21, L5: what becomes of a message after each answer of the provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from shared.channels.outbox import Delivery, NotSent, SendResult
from shared.channels.sending import SendReport, SendTimes, send_outbox
from shared.kit.errors import Unavailable
from tests.channels.replies import begin, begun, commit_reply, finish, outbox, run
from tests.support.answers import ScriptedSender, accepted
from tests.support.conversations import TIMES, Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    with scene_in(shared_database) as found:
        yield found


def test_an_acceptance_is_recorded_on_the_message(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    settled = finish(scene, begun(scene, outbox_id), "accepted", message_id="wamid.1", http_status=200, latency_ms=31)
    assert settled.state == "accepted"
    assert outbox(scene, "state", "provider_message_id", "accepted_at IS NOT NULL") == [["accepted", "wamid.1", True]]
    assert scene.rows(
        "SELECT external_message_id, delivery_status, sent_at IS NOT NULL FROM platform.messages"
        " WHERE direction = 'outbound'"
    ) == [["wamid.1", "sent", True]]
    assert scene.rows("SELECT attempt, outcome, http_status, latency_ms FROM platform.outbox_attempts") == [
        [1, "accepted", 200, 31]
    ]


def test_a_status_that_came_before_the_answer_is_not_lost(scene: Scene) -> None:
    """C-09: the message is delivered and read although its id was unknown when that was reported."""
    [outbox_id] = commit_reply(scene)
    delivery = begun(scene, outbox_id)
    scene.reports("read", provider_message_id="wamid.1")
    scene.reports("delivered", provider_message_id="wamid.1")
    finish(scene, delivery, "accepted", message_id="wamid.1")
    assert scene.rows(
        "SELECT delivery_status, delivered_at IS NOT NULL, read_at IS NOT NULL FROM platform.messages"
        " WHERE direction = 'outbound'"
    ) == [["read", True, True]]


def test_a_status_settles_an_uncertain_send_and_it_is_not_sent_again(scene: Scene) -> None:
    """K6, C-18: our id in the status is the proof."""
    [outbox_id] = commit_reply(scene)
    finish(scene, begun(scene, outbox_id), "uncertain", error_code="ReadTimeout")
    assert outbox(scene, "state", "uncertain_at IS NOT NULL") == [["uncertain", True]]
    [wake_up] = scene.reports("delivered", provider_message_id="wamid.1", outbox_id=outbox_id)
    assert wake_up.conversation_id == scene.conversation_id
    assert outbox(scene, "state", "provider_message_id") == [["accepted", "wamid.1"]]
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.sent == []


def test_a_status_that_comes_after_the_window_still_stops_the_second_send(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    finish(scene, begun(scene, outbox_id), "uncertain")
    scene.execute("UPDATE platform.outbox SET state = 'ready'")
    scene.reports("delivered", provider_message_id="wamid.1", outbox_id=outbox_id)
    assert begin(scene, outbox_id) == NotSent(state="gone")


def test_a_late_answer_of_an_older_attempt_settles_the_message(scene: Scene) -> None:
    """A worker that slept through the window wakes up with the acceptance in its hands."""
    [outbox_id] = commit_reply(scene)
    late = begun(scene, outbox_id)
    scene.execute("UPDATE platform.outbox SET state = 'ready', uncertain_at = now()")
    assert finish(scene, late, "accepted", message_id="wamid.1").state == "accepted"
    assert begin(scene, outbox_id) == NotSent(state="gone")


def test_two_acceptances_are_flagged_as_a_duplicate(scene: Scene) -> None:
    """What cannot be undone is counted and shown."""
    [outbox_id] = commit_reply(scene)
    late = begun(scene, outbox_id)
    scene.execute("UPDATE platform.outbox SET state = 'ready', uncertain_at = now()")
    finish(scene, begun(scene, outbox_id), "accepted", message_id="wamid.2")
    finish(scene, late, "accepted", message_id="wamid.1")
    assert outbox(scene, "provider_message_id", "duplicate_detected_at IS NOT NULL") == [["wamid.2", True]]


def test_the_same_acceptance_twice_is_no_duplicate(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    delivery = begun(scene, outbox_id)
    finish(scene, delivery, "accepted", message_id="wamid.1")
    finish(scene, delivery, "accepted", message_id="wamid.1")
    assert outbox(scene, "state", "duplicate_detected_at") == [["accepted", None]]


def test_an_old_attempts_failure_does_not_touch_the_new_one(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    late = begun(scene, outbox_id)
    scene.execute("UPDATE platform.outbox SET state = 'ready'")
    begun(scene, outbox_id)
    for outcome in ("uncertain", "retry", "refused"):
        assert finish(scene, late, outcome, retry_seconds=1.0).state == "gone"
    assert outbox(scene, "state", "attempt") == [["sending", 2]]


def test_a_retry_waits_for_its_time(scene: Scene) -> None:
    """131056: at least six seconds between two messages to the same customer."""
    [outbox_id] = commit_reply(scene)
    settled = finish(scene, begun(scene, outbox_id), "retry", error_code="131056", retry_seconds=6.0, http_status=400)
    assert settled.state == "ready"
    assert settled.at is not None
    assert timedelta(seconds=5) < settled.at - datetime.now(UTC) <= timedelta(seconds=6)
    report = run(scene)
    assert (report.result, report.next_at) == ("waiting", settled.at)


def test_a_refusal_for_ever_fails_the_message_stops_the_rest_and_calls_a_person(scene: Scene) -> None:
    first, _ = commit_reply(scene, "Um.", "Dois.")
    refusal = {"error_code": "131026", "error_detail": "undeliverable", "http_status": 400}
    assert finish(scene, begun(scene, first), "refused", **refusal).state == "refused"
    assert outbox(scene, "state", "cancel_reason") == [["refused", None], ["cancelled", "previous_part_refused"]]
    assert scene.rows(
        "SELECT delivery_status, error_code FROM platform.messages WHERE direction = 'outbound' ORDER BY id"
    ) == [
        ["failed", "131026"],
        ["failed", "cancelled"],
    ]
    assert scene.conversation("automation_state", "assigned_to_human") == ["human", True]
    assert scene.rows("SELECT outcome FROM departments.agent_executions") == [["send_refused"]]


def test_a_closed_window_holds_the_reply_for_a_person(scene: Scene) -> None:
    """C-17: 131047 said by the provider at the moment of sending."""
    first, _ = commit_reply(scene, "Um.", "Dois.")
    finish(scene, begun(scene, first), "refused", error_code="131047", consequence="window")
    assert outbox(scene, "state") == [["held"], ["held"]]
    assert scene.conversation("automation_state") == "human"


def test_an_opted_out_customer_is_remembered(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    finish(scene, begun(scene, outbox_id), "refused", error_code="131050", consequence="opt_out")
    assert scene.conversation("opted_out_at IS NOT NULL") is True


def test_an_expired_token_pauses_the_connection_and_tells_its_owner_once(scene: Scene) -> None:
    """C-21: sends are paused and not lost."""
    [outbox_id] = commit_reply(scene)
    expired = {"error_code": "190", "error_detail": "session expired", "retry_seconds": 60.0}
    delivery = begun(scene, outbox_id)
    assert finish(scene, delivery, "retry", consequence="connection_expired", **expired).state == "ready"
    scene.execute("UPDATE platform.outbox SET state = 'sending'")
    finish(scene, delivery, "retry", consequence="connection_expired", **expired)
    assert scene.rows("SELECT status, last_error FROM integrations.connections") == [["expired", "session expired"]]
    assert scene.value("SELECT count(*) FROM audit.activity_logs WHERE action = 'connection.needs_attention'") == 1
    scene.execute("UPDATE platform.outbox SET not_before = now()")
    found = begin(scene, outbox_id)
    assert isinstance(found, NotSent)
    assert (found.state, found.reason) == ("waiting", "connection_inactive")


def test_sending_stops_at_the_first_message_that_cannot_go(scene: Scene) -> None:
    ids = commit_reply(scene, "Um.", "Dois.", "Tres.")
    sender = ScriptedSender(lambda delivery: accepted() if delivery.part == 1 else SendResult(outcome="uncertain"))
    report = send_outbox(
        scene.application,
        organization_id=scene.organization_id,
        outbox_ids=ids,
        sender=sender,
        times=SendTimes(max_age=TIMES.max_age, quiet=0.0),
    )
    assert report == SendReport(state="uncertain", reason=None, accepted=1, next_at=None)
    assert outbox(scene, "state") == [["accepted"], ["uncertain"], ["ready"]]


def test_trouble_before_the_first_byte_puts_the_message_back(scene: Scene) -> None:
    commit_reply(scene)

    def away(_: Delivery) -> SendResult:
        raise Unavailable("the key service does not answer", retry_after=7)

    report = run(scene, sender=ScriptedSender(away))
    assert report.result == "ready"
    assert report.next_at is not None
    assert outbox(scene, "state", "error_code") == [["ready", "unavailable"]]
    assert scene.rows("SELECT outcome FROM platform.outbox_attempts") == [["retry"]]
