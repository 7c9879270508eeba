"""A-03, C-17, C-19, C-20, H-02: what is looked at in the statement that marks a message as sending."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from shared.agents.responder import Answer
from shared.channels.outbox import Delivery, NotSent, SendResult
from tests.channels.replies import begin, begun, commit_reply, finish, outbox, run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    with scene_in(shared_database) as found:
        yield found


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        ("UPDATE platform.conversations SET automation_state = 'human'", "cancelled", "human_active"),
        ("UPDATE platform.conversations SET automation_state = 'paused'", "cancelled", "human_active"),
        ("UPDATE platform.conversations SET last_inbound_at = now() - interval '24 hours'", "held", "window_closed"),
        ("UPDATE platform.conversations SET opted_out_at = now()", "held", "opted_out"),
        ("UPDATE platform.outbox SET created_at = now() - interval '12 hours'", "held", "reply_too_old"),
        ("UPDATE platform.organizations SET billing_status = 'cancelled'", "cancelled", "organization_cancelled"),
        ("UPDATE platform.organizations SET billing_status = 'suspended'", "waiting", "organization_suspended"),
        ("UPDATE platform.organizations SET ai_paused_at = now()", "waiting", "ai_paused"),
        ("UPDATE departments.departments SET status = 'paused'", "waiting", "department_paused"),
        ("UPDATE departments.agents SET status = 'paused'", "waiting", "agent_paused"),
        ("UPDATE integrations.connections SET status = 'expired'", "waiting", "connection_inactive"),
        ("UPDATE integrations.connections SET status = 'error'", "waiting", "connection_inactive"),
        ("UPDATE integrations.connections SET status = 'revoked'", "held", "connection_revoked"),
    ],
)
def test_what_changed_after_the_commit_stops_the_send(scene: Scene, change: str, state: str, reason: str) -> None:
    [outbox_id] = commit_reply(scene)
    scene.execute(change)
    found = begin(scene, outbox_id)
    assert isinstance(found, NotSent)
    assert (found.state, found.reason) == (state, reason)
    row_state = "ready" if state == "waiting" else state
    assert outbox(scene, "state", "attempt", "cancel_reason") == [[row_state, 0, reason]]
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.sent == []


def test_what_is_paused_is_sent_when_it_may_be_again(scene: Scene) -> None:
    """Paused, not lost: looked at again in a minute."""
    [outbox_id] = commit_reply(scene)
    scene.execute("UPDATE platform.organizations SET ai_paused_at = now()")
    found = begin(scene, outbox_id)
    assert isinstance(found, NotSent)
    assert found.at is not None
    assert timedelta(seconds=55) < found.at - datetime.now(UTC) <= timedelta(seconds=60)
    scene.execute("UPDATE platform.organizations SET ai_paused_at = NULL")
    scene.execute("UPDATE platform.outbox SET not_before = now()")
    assert run(scene).accepted == 1
    assert outbox(scene, "state", "cancel_reason") == [["accepted", None]]


def test_a_held_reply_calls_a_person_and_says_so_on_its_rows(scene: Scene) -> None:
    """C-17: nothing is lost, and nothing goes out outside the window."""
    commit_reply(scene, "Um.", "Dois.")
    scene.execute("UPDATE platform.conversations SET last_inbound_at = now() - interval '25 hours'")
    run(scene)
    assert outbox(scene, "state", "cancel_reason") == [["held", "window_closed"]] * 2
    assert scene.conversation("automation_state", "assigned_to_human", "status") == ["human", True, "escalated"]
    assert scene.rows("SELECT outcome FROM departments.agent_executions") == [["window_closed"]]
    assert (
        scene.rows("SELECT delivery_status, error_detail FROM platform.messages WHERE direction = 'outbound'")
        == [["failed", "window_closed"]] * 2
    )


def test_whoever_writes_after_opting_out_is_served_again(scene: Scene) -> None:
    """C-20: opting out blocks marketing; a new question is a request for service."""
    [outbox_id] = commit_reply(scene)
    scene.execute("UPDATE platform.conversations SET opted_out_at = last_inbound_at - interval '1 second'")
    assert isinstance(begin(scene, outbox_id), Delivery)


def test_a_handoff_sentence_goes_out_while_a_person_is_active(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene, kind="handoff")
    assert scene.conversation("automation_state") == "human"
    assert isinstance(begin(scene, outbox_id), Delivery)


def test_a_newer_message_takes_the_unsent_reply_back_and_both_are_answered_together(scene: Scene) -> None:
    """Nothing is left unanswered: the turn's messages are pending again, with the newer one."""
    commit_reply(scene, "Um.", "Dois.")
    scene.says("espera, e domingo?")
    sender = ScriptedSender()
    report = run(scene, sender=sender)
    assert report.result == "answered"
    assert sender.texts == ["re:1-2"]
    assert outbox(scene, "state", "cancel_reason", "turn_seq") == [
        ["cancelled", "newer_message", 1],
        ["cancelled", "newer_message", 1],
        ["accepted", None, 2],
    ]
    assert scene.rows("SELECT status, outcome, to_seq FROM departments.agent_executions ORDER BY created_at") == [
        ["superseded", "newer_message", 1],
        ["completed", "answered", 2],
    ]


def test_a_newer_message_does_not_stop_the_rest_of_a_reply_that_has_begun(scene: Scene) -> None:
    first, _ = commit_reply(scene, "Um.", "Dois.")
    finish(scene, begun(scene, first), "accepted", message_id="wamid.1")
    scene.says("e domingo?")
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == ["Dois.", "re:2-2"]


def test_a_newer_message_does_not_take_back_what_may_have_arrived(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    finish(scene, begun(scene, outbox_id), "uncertain")
    scene.execute("UPDATE platform.outbox SET state = 'ready'")
    scene.says("e domingo?")
    assert isinstance(begin(scene, outbox_id), Delivery)


def test_a_message_that_was_known_at_the_commit_does_not_stop_its_reply(scene: Scene) -> None:
    """A customer who keeps writing beyond the ceiling is answered, not starved."""
    scene.says("um")

    def answer(_: object) -> Answer:
        scene.says("dois")
        return Answer(text="um!")

    sender = ScriptedSender(lambda _: SendResult(outcome="uncertain"))
    run(scene, responder=ScriptedResponder(answer), sender=sender)
    assert sender.texts == ["um!"]


def test_the_next_part_waits_until_the_one_before_is_settled(scene: Scene) -> None:
    first, second = commit_reply(scene, "Um.", "Dois.")
    found = begin(scene, second)
    assert isinstance(found, NotSent)
    assert found.state == "blocked"
    delivery = begun(scene, first)
    assert begin(scene, second) == found
    finish(scene, delivery, "uncertain")
    assert begin(scene, second) == found
    scene.reports("delivered", provider_message_id="wamid.1", outbox_id=first)
    assert begun(scene, second).part == 2


def test_the_next_turn_waits_until_the_reply_before_is_settled(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    finish(scene, begun(scene, outbox_id), "uncertain")
    scene.says("e agora?")
    assert run(scene).reason == "unsettled"
    scene.reports("sent", provider_message_id="wamid.1", outbox_id=outbox_id)
    assert run(scene).result == "answered"


def test_one_worker_of_two_gets_the_message(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    assert isinstance(begin(scene, outbox_id), Delivery)
    assert begin(scene, outbox_id) == NotSent(state="gone")
