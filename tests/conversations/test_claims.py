"""What a claim gives a worker: the turn's messages, what was said before, and who answers for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from shared.agents.responder import Answer
from shared.channels.outbox import SendResult
from shared.conversations.models import ClaimedTurn, HandedOver, Idle, Waiting
from shared.conversations.queries import claim_turn, release_turn
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene

if TYPE_CHECKING:
    from shared.conversations.models import Claim, TurnTimes


def claim(scene: Scene, times: TurnTimes = TIMES) -> Claim:
    return claim_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        times=times,
    )


def claimed(scene: Scene, times: TurnTimes = TIMES) -> ClaimedTurn:
    found = claim(scene, times)
    assert isinstance(found, ClaimedTurn)
    return found


def test_a_claim_holds_the_messages_since_the_last_turn_and_what_was_said_before(scene: Scene) -> None:
    scene.says("oi", "abrem domingo?")
    run(scene, responder=ScriptedResponder(lambda _: Answer(text="Sim.")))
    scene.says("e segunda?", "e terça?")
    turn = claimed(scene)
    assert (turn.from_seq, turn.to_seq, turn.fence, turn.attempt) == (3, 4, 2, 1)
    assert [message.text for message in turn.messages] == ["e segunda?", "e terça?"]
    assert [(said.sender, said.text) for said in turn.history] == [
        ("customer", "oi"),
        ("customer", "abrem domingo?"),
        ("ai", "Sim."),
    ]


def test_a_reply_that_was_never_said_is_not_in_the_history(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, sender=ScriptedSender(lambda _: SendResult(outcome="refused", error_code="131026")))
    scene.execute("UPDATE platform.conversations SET automation_state = 'auto'")
    scene.says("alô?")
    assert [said.sender for said in claimed(scene).history] == ["customer"]


def test_the_history_is_as_long_as_asked_for_and_the_newest_of_it(scene: Scene) -> None:
    scene.says(*(f"mensagem {n}" for n in range(10)))
    run(scene)
    scene.says("e agora?")
    turn = claimed(scene, replace(TIMES, history=3))
    assert [said.text for said in turn.history] == ["mensagem 8", "mensagem 9", "re:1-10"]


def test_a_claim_says_who_answers_for_whom(scene: Scene) -> None:
    scene.execute('UPDATE departments.agents SET configuration = \'{"tone": "warm"}\'')
    scene.says("oi?")
    found = claimed(scene).configuration
    assert (found.agent_id, found.agent_settings) == (scene.tenant.agent_id, {"tone": "warm"})
    assert (found.organization_name, found.locale, found.provider) == ("Padaria Aurora", "pt-BR", "whatsapp")
    assert found.model_settings["primary_model"] == "gpt-4"


def test_an_agent_that_works_is_chosen_before_one_that_is_paused(scene: Scene) -> None:
    second = uuid4()
    scene.execute("UPDATE departments.agents SET status = 'paused'")
    scene.execute(
        "INSERT INTO departments.agents (id, organization_id, department_id, agent_type, name)"
        " VALUES (%s, %s, %s, 'whatsapp_responder', 'Segunda')",
        second,
        scene.organization_id,
        scene.tenant.department_id,
    )
    scene.says("oi?")
    assert claimed(scene).configuration.agent_id == second


def test_an_organization_without_an_agent_hands_its_customers_to_people(scene: Scene) -> None:
    scene.execute("UPDATE departments.agents SET agent_type = 'faq_builder'")
    scene.says("oi?")
    assert claim(scene) == HandedOver(reason="no_agent")
    assert scene.conversation("automation_state") == "human"


def test_a_message_that_is_too_old_is_a_persons(scene: Scene) -> None:
    """I5: whoever waited for half a day gets no machine's answer."""
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET last_inbound_at = now() - interval '13 hours'")
    assert claim(scene) == HandedOver(reason="reply_too_old")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE platform.organizations SET billing_status = 'suspended'", "organization_suspended"),
        ("UPDATE platform.organizations SET ai_paused_at = now()", "ai_paused"),
        ("UPDATE departments.departments SET status = 'paused'", "department_paused"),
        ("UPDATE departments.agents SET status = 'paused'", "agent_paused"),
        ("UPDATE integrations.connections SET status = 'expired'", "connection_inactive"),
    ],
)
def test_what_is_switched_off_is_looked_at_again_in_a_minute(scene: Scene, change: str, reason: str) -> None:
    """Intake goes on, nothing is lost, and the others' work is not hidden behind it."""
    scene.says("oi?")
    scene.execute(change)
    assert claim(scene) == Idle(reason=reason)
    [wait, fence] = scene.conversation("run_at - clock_timestamp()", "fence")
    assert timedelta(seconds=55) < wait <= timedelta(seconds=60)
    assert fence == 0


def test_a_lease_is_one_workers_until_it_ends(scene: Scene) -> None:
    scene.says("oi?")
    claimed(scene)
    assert claim(scene) == Idle(reason="leased")
    scene.execute("UPDATE platform.conversations SET lease_until = now() - interval '1 second'")
    assert claimed(scene).fence == 2


def test_a_turn_is_given_back_by_its_own_worker_alone(scene: Scene) -> None:
    scene.says("oi?")
    old = claimed(scene)
    scene.execute("UPDATE platform.conversations SET lease_until = now() - interval '1 second'")
    new = claimed(scene)
    assert release_turn(scene.application, claimed=old, error_code="late", attempts=[]) is None
    assert claim(scene) == Idle(reason="leased")
    assert release_turn(scene.application, claimed=new, error_code="failed", attempts=[]) is not None


def test_two_machines_that_answer_each_other_are_stopped(scene: Scene) -> None:
    """I17: so many replies in ten minutes, however many parts they have, and a person looks."""
    scene.execute("UPDATE departments.agents SET configuration = '{\"message_limit\": 6}'")
    times = replace(TIMES, max_replies=2)
    two_parts = ScriptedResponder(lambda _: Answer(text="Um. Dois."))
    for question, expected in (("oi?", "answered"), ("e agora?", "answered"), ("e depois?", "handed_over")):
        scene.says(question)
        report = run(scene, responder=two_parts, times=times)
        assert report.result == expected
    assert report.reason == "too_many_replies"
    assert scene.conversation("automation_state", "status") == ["human", "escalated"]


def test_replies_of_earlier_and_of_people_do_not_count_as_too_many(scene: Scene) -> None:
    times = replace(TIMES, max_replies=1)
    scene.says("oi?")
    run(scene)
    scene.execute(
        "UPDATE platform.messages SET created_at = created_at - interval '10 minutes' WHERE direction = 'outbound'"
    )
    scene.execute(
        "INSERT INTO platform.messages (organization_id, conversation_id, connection_id, direction, sender_type)"
        " SELECT organization_id, id, connection_id, 'outbound', 'human' FROM platform.conversations"
    )
    scene.says("oi?")
    assert isinstance(claim(scene, times), ClaimedTurn)


def test_a_turns_messages_are_in_the_customers_order(scene: Scene) -> None:
    """I4: one that the provider brings late stands where it was written."""
    scene.says("segunda")
    scene.says("primeira", ago=timedelta(minutes=1))
    turn = claimed(scene)
    assert [message.text for message in turn.messages] == ["primeira", "segunda"]


def test_what_the_customer_took_back_is_not_shown_to_later_turns(scene: Scene) -> None:
    """C-14: neither among what is to be answered nor in the history."""
    scene.says("meu CPF é 123", "abrem hoje?")
    run(scene)
    scene.says("esqueça", "e amanhã?")
    scene.execute(
        "UPDATE platform.messages SET deleted_at = now(), text_content = NULL"
        " WHERE text_content IN ('meu CPF é 123', 'esqueça')"
    )
    turn = claimed(scene)
    assert [message.text for message in turn.messages] == ["e amanhã?"]
    assert [said.text for said in turn.history] == ["abrem hoje?", "re:1-2"]


def test_a_message_has_the_words_of_its_files_in_their_order(scene: Scene) -> None:
    scene.says("olha só")
    scene.execute(
        """UPDATE platform.messages SET message_type = 'image', metadata = '{"media_reading":'
        ' {"10": {"text": "um gato"}, "2": {"text": "um bolo"}, "1": {"unread": "no_reader"}}}'"""
    )
    [message] = claimed(scene).messages
    assert (message.words, message.unread) == ("olha só\num bolo\num gato", False)


def test_a_channel_without_an_agent_of_its_own_is_answered_by_that_of_whatsapp(scene: Scene) -> None:
    scene.become("instagram")
    scene.execute("UPDATE departments.agents SET agent_type = 'whatsapp_responder'")
    scene.says("oi?")
    found = claimed(scene).configuration
    assert (found.agent_id, found.provider) == (scene.tenant.agent_id, "instagram")


def test_a_channels_own_agent_is_asked_even_when_it_is_paused(scene: Scene) -> None:
    """Whoever pauses it wants silence there, not another voice."""
    scene.become("messenger")
    scene.execute("UPDATE departments.agents SET status = 'paused'")
    scene.execute(
        "INSERT INTO departments.agents (organization_id, department_id, agent_type, name)"
        " VALUES (%s, %s, 'whatsapp_responder', 'Segunda')",
        scene.organization_id,
        scene.tenant.department_id,
    )
    scene.says("oi?")
    assert claim(scene) == Idle(reason="agent_paused")


def sends_a_voice_note(scene: Scene) -> None:
    scene.says("ouça")
    scene.execute("UPDATE platform.messages SET message_type = 'audio'")
    scene.execute(
        "INSERT INTO platform.media_transfers (organization_id, connection_id, message_id, ordinal, kind)"
        " SELECT organization_id, connection_id, id, 0, 'audio' FROM platform.messages ON CONFLICT DO NOTHING"
    )


def test_a_turn_waits_for_what_a_file_says(scene: Scene) -> None:
    """D-01: the answer is to the words of the voice note, which are there a moment later."""
    sends_a_voice_note(scene)
    waiting = claim(scene)
    assert isinstance(waiting, Waiting)
    assert 0 < (waiting.at - datetime.now(UTC)).total_seconds() <= 1
    assert scene.conversation("run_at", "turn_attempts") == [waiting.at, 0]
    reading = '{"media_reading": {"0": {"text": "vocês entregam hoje?"}}}'
    scene.execute("UPDATE platform.messages SET metadata = %s::jsonb", reading)
    scene.execute("UPDATE platform.conversations SET run_at = clock_timestamp()")
    [message] = claimed(scene).messages
    assert (message.words, message.unread) == ("ouça\nvocês entregam hoje?", False)


def test_a_turn_waits_for_a_file_no_longer_than_its_time(scene: Scene) -> None:
    """D-01: then the message is answered as one that nobody has heard."""
    sends_a_voice_note(scene)
    assert isinstance(claim(scene), Waiting)
    scene.execute(
        "UPDATE platform.conversations SET run_at = clock_timestamp(),"
        " first_pending_at = clock_timestamp() - interval '1 second' * %s",
        TIMES.media_wait,
    )
    assert [message.unread for message in claimed(scene).messages] == [True]


def test_a_turn_waits_for_no_file_that_has_its_reason_or_was_taken_back(scene: Scene) -> None:
    sends_a_voice_note(scene)
    scene.execute('UPDATE platform.messages SET metadata = \'{"media_reading": {"0": {"unread": "expired"}}}\'')
    assert [message.unread for message in claimed(scene).messages] == [True]
    scene.customer = "5511900000000"
    sends_a_voice_note(scene)
    scene.execute("UPDATE platform.messages SET deleted_at = now()")
    assert claimed(scene).messages == ()


def test_what_was_said_in_a_conversation_that_goes_on_here_was_said_before(scene: Scene) -> None:
    """C-11: a customer whose two contacts became one is not a stranger; what waits there is answered there."""
    scene.says("me chamo Ana")
    run(scene, responder=ScriptedResponder(lambda _: Answer(text="Olá, Ana.")))
    first = scene.conversation_id
    scene.says("e mais uma coisa")
    scene.customer = f"{scene.customer}9"
    scene.says("oi de novo")
    run(scene, responder=ScriptedResponder(lambda _: Answer(text="Oi.")))
    scene.says("como me chamo?")
    assert len(claimed(scene).history) == 2
    scene.execute("UPDATE platform.conversations SET lease_until = NULL")
    scene.execute("UPDATE platform.conversations SET continued_in = %s WHERE id = %s", scene.conversation_id, first)
    said = ["me chamo Ana", "Olá, Ana.", "oi de novo", "Oi."]
    assert [message.text for message in claimed(scene).history] == said
    scene.execute("UPDATE platform.conversations SET lease_until = NULL")
    assert [message.text for message in claimed(scene, replace(TIMES, history=3)).history] == said[1:]
