"""The end of a conversation: its times and counts, the question how it was, and what counts as an answer to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from shared.agents.responder import Answer
from shared.kit.errors import Rejected
from tests.agents.running import run
from tests.functions.message_delivery.delivering import delivered
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.handoffs import ABSTAINING, configure, handoffs, resolve, writes

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.conversations import Scene

QUESTION = "Como foi o atendimento da Padaria Aurora? Responda só com uma nota, de 1 (ruim) a 5 (ótimo)."
SCORES = (
    "SELECT conversation_id, score, interaction_type, department_type, agent_type, customer_tenure_days"
    " FROM analytics.satisfaction_scores"
)


def conversations(scene: Scene, *columns: str) -> list[list[object]]:
    return scene.rows(f"SELECT {', '.join(columns)} FROM platform.conversations ORDER BY created_at")


def resolved(scene: Scene) -> UUID:
    """A conversation that people have settled, and whose customer was asked how it was."""
    configure(scene, satisfaction_survey=True)
    scene.says("fazem bolo?")
    run(scene, responder=ABSTAINING)
    writes(scene, "Fazemos sim!")
    run(scene)
    conversation_id = scene.conversation_id
    assert resolve(scene) is True
    assert delivered(scene, conversation_id) == [QUESTION]
    return conversation_id


def says(scene: Scene, text: str) -> tuple[list[str], ScriptedResponder]:
    """The customer writes, and whatever is due for their newest conversation is done."""
    scene.says(text)
    [newest] = scene.rows("SELECT id FROM platform.conversations ORDER BY created_at DESC LIMIT 1")[0]
    sender, responder = ScriptedSender(), ScriptedResponder()
    run(scene, responder=responder, sender=sender, conversation_id=newest)
    return sender.texts, responder


def test_a_resolved_conversation_knows_its_times_and_counts(scene: Scene) -> None:
    scene.says("fazem bolo?", "oi?")
    scene.execute("UPDATE platform.messages SET created_at = created_at - interval '10 seconds'")
    scene.execute("UPDATE platform.conversations SET created_at = created_at - interval '60 seconds'")
    run(scene, responder=ABSTAINING)
    assert 10 <= scene.conversation("first_response_time_seconds") < 40
    first = scene.conversation("first_response_time_seconds")
    writes(scene, "Fazemos sim!")
    run(scene)
    scene.says("obrigada!")
    assert resolve(scene) is False, "the department does not ask"
    assert scene.conversation("status", "message_count", "human_takeover_count", "first_response_time_seconds") == [
        "resolved",
        5,
        1,
        first,
    ]
    assert 60 <= scene.conversation("resolution_time_seconds") < 120
    assert scene.conversation("resolved_at IS NOT NULL", "done_seq", "run_at") == [True, 3, None]
    assert handoffs(scene, "state") == [["resolved"]]


def test_a_first_answer_on_the_telephone_counts_as_the_first_response(scene: Scene) -> None:
    scene.become("messenger")
    scene.says("oi?")
    scene.execute("UPDATE platform.messages SET created_at = created_at - interval '30 seconds'")
    scene.echoes("Oi!", provider_message_id="m_1", customer=scene.customer, outbox_id=None)
    resolve(scene)
    assert 29 <= scene.conversation("first_response_time_seconds") < 60


def test_messages_that_never_arrived_are_not_counted(scene: Scene) -> None:
    scene.says("oi?")
    run(scene)
    scene.execute("UPDATE platform.messages SET delivery_status = 'failed' WHERE direction = 'outbound'")
    scene.says("alô?")
    run(scene)
    assert scene.conversation("message_count") == 3


def test_the_next_message_begins_another_conversation(scene: Scene) -> None:
    resolved(scene)
    texts, _ = says(scene, "quanto custa?")
    assert texts == ["re:1-1"]
    assert conversations(scene, "status", "satisfaction_score") == [["resolved", None], ["active", None]]
    assert scene.rows(SCORES) == []


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("5", 5),
        ("nota 4", 4),
        ("3!", 3),
        ("dois", 2),
        ("1 estrela", 1),
        ("⭐⭐⭐⭐", 4),
        ("5️⃣", 5),
        ("Cinco.", 5),
        ("4/5", 4),
    ],
)
def test_a_score_is_kept_once_and_starts_no_answer(scene: Scene, said: str, score: int) -> None:
    """No responder is asked, nothing is reopened, and the customer gets thanks."""
    conversation_id = resolved(scene)
    texts, responder = says(scene, said)
    assert (texts, responder.turns) == (["Obrigado pela avaliação!"], [])
    assert scene.rows(SCORES) == [
        [conversation_id, score, "whatsapp_conversation", "customer_service", "whatsapp_responder", 0]
    ]
    assert conversations(scene, "status", "satisfaction_score") == [["resolved", score], ["archived", None]]
    says(scene, "1")
    assert scene.rows(SCORES)[0][1] == score
    assert conversations(scene, "satisfaction_score")[0] == [score]
    assert len(scene.rows(SCORES)) == 1


@pytest.mark.parametrize("said", ["6", "0", "55", "5 bolos por favor", "nota fiscal", "dois bolos", "ótimo", "1,5"])
def test_a_text_that_is_no_score_is_an_ordinary_message(scene: Scene, said: str) -> None:
    resolved(scene)
    texts, responder = says(scene, said)
    assert (texts, len(responder.turns)) == (["re:1-1"], 1)
    assert scene.rows(SCORES) == []


def test_a_number_that_answers_another_question_is_no_score(scene: Scene) -> None:
    """Only when the question how it was is the last thing that the customer was sent."""
    resolved(scene)
    ask = ScriptedResponder(lambda _: Answer(text="Para quantas pessoas?"))
    scene.says("quero um bolo")
    [newest] = scene.rows("SELECT id FROM platform.conversations ORDER BY created_at DESC LIMIT 1")[0]
    run(scene, responder=ask, conversation_id=newest)
    texts, responder = says(scene, "5")
    assert (texts, len(responder.turns)) == (["re:2-2"], 1)
    assert scene.rows(SCORES) == []


def test_a_number_without_a_question_is_no_score(scene: Scene) -> None:
    scene.says("5")
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == ["re:1-1"]


def test_a_score_in_a_burst_with_other_words_is_answered(scene: Scene) -> None:
    resolved(scene)
    scene.says("5", "e quanto custa o de cenoura?")
    [newest] = scene.rows("SELECT id FROM platform.conversations ORDER BY created_at DESC LIMIT 1")[0]
    sender = ScriptedSender()
    run(scene, sender=sender, conversation_id=newest)
    assert sender.texts == ["re:1-2"]


@pytest.mark.parametrize(
    "obstacle",
    [
        "UPDATE platform.conversations SET last_inbound_at = now() - interval '23 hours 55 minutes'",
        "UPDATE platform.conversations SET opted_out_at = now()",
        "UPDATE platform.contacts SET marketing_opted_out_at = now(), marketing_choice_at = now()",
    ],
)
def test_who_cannot_or_does_not_want_to_be_asked_is_not(scene: Scene, obstacle: str) -> None:
    configure(scene, satisfaction_survey=True)
    scene.says("oi?")
    scene.execute(obstacle)
    assert resolve(scene) is False
    assert scene.rows("SELECT id FROM platform.outbox") == []


def test_nobody_is_asked_in_the_middle_of_the_next_conversation(scene: Scene) -> None:
    configure(scene, satisfaction_survey=True)
    scene.says("oi?")
    old = scene.conversation_id
    assert resolve(scene) is True
    scene.says("mais uma coisa")
    assert delivered(scene, old) == []
    assert scene.rows("SELECT state, cancel_reason FROM platform.outbox") == [["cancelled", "conversation_open"]]


def test_a_question_that_the_provider_refuses_concerns_no_person(scene: Scene) -> None:
    configure(scene, satisfaction_survey=True)
    scene.says("oi?", ago=timedelta(minutes=1))
    old = scene.conversation_id
    assert resolve(scene) is True
    scene.execute("UPDATE platform.conversations SET window_closed_at = now()")
    assert delivered(scene, old) == []
    assert conversations(scene, "status") == [["resolved"]]
    assert handoffs(scene, "id") == []


def test_an_end_can_be_refused_when_the_customer_has_written_again(scene: Scene) -> None:
    scene.says("oi?", "alô?")
    with pytest.raises(Rejected, match="message 2"):
        resolve(scene, seen_seq=1)
    assert resolve(scene, seen_seq=2) is False
    old = conversations(scene, "id")[0][0]
    with pytest.raises(Rejected, match="do not have"):
        resolve(scene, old)  # type: ignore[arg-type]
