"""H-01 to H-06, H-08: how a conversation gets to people, what they and the customer are told, and how it comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.agent_execution.responding import knowledge_responder
from shared.agents.responder import Answer, SpendingLimitReached, Turn
from shared.agents.turns import run_turn
from shared.channels.outbox import SendResult
from shared.conversations.models import RETURNED
from shared.kit.errors import Rejected
from shared.knowledge.importing import import_folder
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene
from tests.support.handoffs import ABSTAINING, configure, give_back, handoffs, make_user, opens_in_three_days, writes

if TYPE_CHECKING:
    from pathlib import Path

CALLED = "Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você."


def abstain(scene: Scene, *texts: str) -> None:
    scene.says(*(texts or ("fazem bolo de casamento?",)))
    run(scene, responder=ABSTAINING)


def reason_of(scene: Scene) -> Any:
    [[reason]] = handoffs(scene, "reason")
    return reason


@pytest.fixture
def bakery(scene: Scene, tmp_path: Path) -> Scene:
    (tmp_path / "horario.md").write_text("# Horário\n\nAbrimos de segunda a sábado, das 7h às 19h.\n")
    import_folder(scene.application, scene.organization_id, tmp_path)
    return scene


def ask(scene: Scene, *texts: str) -> list[str]:
    scene.says(*texts)
    sender = ScriptedSender()
    run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=knowledge_responder(scene.application),
        sender=sender,
        times=TIMES,
    )
    return sender.texts


# how it gets there


def test_an_answer_that_asks_for_a_person_makes_one_hand_over(scene: Scene) -> None:
    """H-01: the typed field decides, with its reason; a text that speaks of a person does nothing."""
    scene.says("oi?")
    run(scene, responder=ScriptedResponder(lambda _: Answer(text="O atendente da noite cuida dos bolos.")))
    assert handoffs(scene, "id") == []
    abstain(scene)
    assert handoffs(scene, "reason", "state", "conversation_id", "told_at IS NOT NULL") == [
        ["knowledge_gap", "open", scene.conversation_id, True]
    ]
    assert scene.conversation("human_takeover_count") == 1


def test_a_customer_who_asks_for_a_person_in_so_many_words_gets_one(bakery: Scene) -> None:
    """H-01: also when the rest of what they ask is known, which is answered first."""
    assert ask(bakery, "Quero falar com um atendente") == [CALLED]
    assert reason_of(bakery) == "customer_asked"
    bakery.customer = str(uuid4().int % 10**12)
    [text] = ask(bakery, "Que horas vocês abrem? E quero falar com um atendente.")
    assert "das 7h às 19h" in text
    assert text.endswith(CALLED)
    assert text.count("pessoa") == 1
    assert handoffs(bakery, "reason") == [["customer_asked"], ["customer_asked"]]


def fail(scene: Scene) -> None:
    scene.execute("UPDATE platform.conversations SET turn_attempts = 5")
    run(scene)


def spend(scene: Scene) -> None:
    def refuse(_: Turn) -> Answer:
        raise SpendingLimitReached

    run(scene, responder=ScriptedResponder(refuse))


def grow_old(scene: Scene) -> None:
    scene.execute("UPDATE platform.conversations SET last_inbound_at = now() - interval '13 hours'")
    run(scene)


def lose_the_agent(scene: Scene) -> None:
    scene.execute("UPDATE departments.agents SET agent_type = 'faq_builder'")
    run(scene)


def break_a_rule(scene: Scene) -> None:
    run(scene, responder=ScriptedResponder(lambda _: Answer(text="Sua senha do banco é 1234, veja http://x.example")))


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (fail, "turn_attempts"),
        (spend, "spending_limit"),
        (grow_old, "reply_too_old"),
        (lose_the_agent, "no_agent"),
        (break_a_rule, "gate:links"),
    ],
)
def test_every_way_leads_to_the_same_queue_with_its_own_reason(scene: Scene, trouble: Any, reason: str) -> None:
    """H-08, H-04: a guardrail, the budget, an error; and the customer is told once, whichever it was."""
    scene.says("oi?")
    trouble(scene)
    assert handoffs(scene, "reason", "state", "told_at IS NOT NULL") == [[reason, "open", True]]
    said = "SELECT text_content, delivery_status FROM platform.messages WHERE direction = 'outbound'"
    assert [row[0].endswith(CALLED) for row in scene.rows(said)] == [True]
    run(scene)
    assert len(scene.rows(said)) == 1


def test_nobody_is_told_of_a_person_who_is_there_already(scene: Scene) -> None:
    """H-02: whoever writes has the conversation; the AI is paused in the same transaction."""
    scene.says("oi?")
    ana = make_user(scene)
    writes(scene, "Bom dia!", ana)
    assert handoffs(scene, "reason", "state", "claimed_by", "told_at") == [["human_message", "claimed", ana, None]]
    assert scene.conversation("automation_state", "assigned_user_id", "message_count") == ["human", ana, 2]
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == ["Bom dia!"]


def test_a_person_who_writes_takes_the_hand_over_that_waits(scene: Scene) -> None:
    """H-02: by our own window, or by the telephone: no second row."""
    abstain(scene)
    writes(scene, "Fazemos sim!")
    assert handoffs(scene, "reason", "state", "claimed_at IS NOT NULL") == [["knowledge_gap", "claimed", True]]


def test_an_echo_of_a_person_takes_the_conversation_over(scene: Scene) -> None:
    """H-02: written on the telephone or in the provider's own inbox."""
    scene.become("messenger")
    scene.says("oi?")
    scene.echoes("Já te respondo", provider_message_id="m_1", customer=scene.customer, outbox_id=None)
    assert handoffs(scene, "reason", "state") == [["human_echo", "claimed"]]
    assert scene.conversation("automation_state", "human_takeover_count", "message_count") == ["human", 1, 2]
    scene.echoes("Pronto", provider_message_id="m_2", customer=scene.customer, outbox_id=None)
    assert handoffs(scene, "state") == [["claimed"]]
    assert scene.conversation("human_takeover_count") == 1


def test_a_message_from_long_ago_is_a_persons_and_nobody_is_told_now(scene: Scene) -> None:
    scene.says("oi?", ago=timedelta(hours=13))
    assert handoffs(scene, "reason", "state") == [["message_too_old", "open"]]
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.sent == []


# what the customer is told


def test_while_the_business_is_closed_the_customer_hears_when_somebody_answers(scene: Scene) -> None:
    """H-04: one sentence, from an answer and from a failure alike."""
    configure(scene, **opens_in_three_days())
    scene.says("oi?")
    sender = ScriptedSender()
    run(scene, responder=ABSTAINING, sender=sender)
    [text] = sender.texts
    assert text.startswith("Já avisei a equipe da Padaria Aurora. Uma pessoa responde a partir de ")
    assert text.endswith(("-feira às 9h.", "sábado às 9h.", "domingo às 9h."))
    assert reason_of(scene) == "knowledge_gap"

    scene.customer = str(uuid4().int % 10**12)
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET turn_attempts = 5 WHERE automation_state = 'auto'")
    run(scene, sender=sender)
    assert sender.texts == [text, text]


def test_a_partial_answer_and_its_sentence_pass_the_gates_together(bakery: Scene) -> None:
    """H-04: the hour at which people are back is the business's own word, not a model's."""
    configure(bakery, **opens_in_three_days())
    [text] = ask(bakery, "Que horas vocês abrem?", "Fazem bolo de casamento com entrega em Marte?")
    assert "das 7h às 19h" in text
    assert "Uma pessoa responde a partir de" in text
    assert reason_of(bakery) == "knowledge_gap"


def test_a_sentence_that_the_provider_could_not_take_is_sent_later_and_once(scene: Scene) -> None:
    """H-04: it waits in the outbox as every reply does."""
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET turn_attempts = 5")
    sender = ScriptedSender(lambda _: SendResult(outcome="retry", retry_seconds=0.0, error_code="131000"))
    run(scene, sender=sender)
    after = ScriptedSender()
    run(scene, sender=after)
    assert after.texts == [CALLED]
    assert len(scene.rows("SELECT id FROM platform.outbox")) == 1


# what the person is told


def lines(scene: Scene) -> list[dict[str, Any]]:
    [[summary]] = handoffs(scene, "summary")
    return list(summary)


def unfounded(scene: Scene, summary: list[dict[str, Any]]) -> list[str]:
    """The lines that name no message of this conversation and no chunk, or say what is not in it."""
    messages = dict(scene.rows("SELECT id::text, coalesce(text_content, message_type) FROM platform.messages"))
    chunks = dict(
        scene.rows(
            "SELECT c.id::text, k.title FROM platform.knowledge_chunks c"
            " JOIN platform.knowledge_base k ON k.id = c.knowledge_id"
        )
    )
    return [
        line["text"]
        for line in summary
        if line["text"] not in (messages.get(line.get("message_id")) or chunks.get(line.get("chunk_id")) or "")
    ]


def test_the_summary_says_what_was_asked_tried_used_and_missing_and_each_line_its_source(bakery: Scene) -> None:
    """H-06: from rows alone, so that nothing in it is invented; it is written with the hand-over."""
    ask(bakery, "Que horas vocês abrem?")
    ask(bakery, "Fazem bolo de casamento com entrega em Marte?")
    summary = lines(bakery)
    assert [line["kind"] for line in summary] == ["asked", "tried", "source", "missing"]
    asked, tried, source, missing = summary
    assert asked["text"] == missing["text"] == "Fazem bolo de casamento com entrega em Marte?"
    assert asked["message_id"] == missing["message_id"]
    assert "das 7h às 19h" in tried["text"]
    assert source["text"] == "Horário"
    assert unfounded(bakery, summary) == []


def test_an_invented_line_would_be_noticed(bakery: Scene) -> None:
    """The negative control."""
    ask(bakery, "Fazem bolo de casamento com entrega em Marte?")
    [real, *_] = lines(bakery)
    invented = [{**real, "text": "Cliente quer desconto"}, {**real, "message_id": str(uuid4())}]
    assert len(unfounded(bakery, invented)) == 2


def test_the_summary_names_what_nobody_could_read(scene: Scene) -> None:
    """H-06: a file has no words; its kind and its message are said."""
    scene.says("olha", "veja a foto")
    scene.execute("UPDATE platform.messages SET text_content = NULL, message_type = 'image' WHERE seq = 2")
    fail(scene)
    assert [(line["kind"], line["text"]) for line in lines(scene)] == [("asked", "olha"), ("missing", "image")]


def test_the_summary_leaves_out_what_the_customer_took_back(scene: Scene) -> None:
    scene.says("meu cpf é 1", "fazem bolo?")
    scene.execute("UPDATE platform.messages SET deleted_at = now(), text_content = NULL WHERE seq = 1")
    fail(scene)
    assert [line["text"] for line in lines(scene)] == ["fazem bolo?"]


def test_what_the_customer_takes_back_later_is_gone_from_what_was_kept(bakery: Scene) -> None:
    """H-06: from the summary and from the record of the turn."""
    ask(bakery, "Meu CPF é 123, fazem bolo de casamento com entrega em Marte?")
    assert "CPF" in str(lines(bakery))
    [[message]] = bakery.rows("SELECT external_message_id FROM platform.messages WHERE direction = 'inbound'")
    bakery.takes_back(message)
    assert bakery.value("SELECT text_content FROM platform.messages WHERE direction = 'inbound'") is None
    assert lines(bakery) == []
    kept = bakery.rows("SELECT output_data::text || input_data::text FROM departments.agent_executions")
    assert "CPF" not in str(kept)


# how it comes back


def test_what_nobody_answered_is_answered_once_after_the_return(scene: Scene) -> None:
    """H-03: and the history says that it came back, so that the hand-over's sentence is over."""
    abstain(scene, "fazem bolo de casamento?")
    scene.says("e entregam?", "alô?")
    assert give_back(scene) == 2
    assert handoffs(scene, "state", "closed_at IS NOT NULL") == [["returned", True]]
    assert scene.conversation("status", "automation_state", "assigned_to_human") == ["active", "auto", False]
    responder, sender = ScriptedResponder(), ScriptedSender()
    run(scene, responder=responder, sender=sender)
    assert sender.texts == ["re:2-3"]
    history = [(said.sender, said.text) for said in responder.turns[0].claimed.history]
    assert history == [("customer", "fazem bolo de casamento?"), ("ai", CALLED), ("system", RETURNED)]
    run(scene, responder=responder, sender=sender)
    assert sender.texts == ["re:2-3"]


def test_what_a_person_answered_is_not_answered_again(scene: Scene) -> None:
    """H-03: only what came after the person's last word waits."""
    abstain(scene)
    scene.says("e entregam?")
    writes(scene, "Entregamos sim!")
    run(scene)
    scene.says("obrigada, e no domingo?")
    assert give_back(scene) == 1
    responder, sender = ScriptedResponder(), ScriptedSender()
    run(scene, responder=responder, sender=sender)
    assert sender.texts == ["re:3-3"]
    senders = [said.sender for said in responder.turns[0].claimed.history]
    assert senders == ["customer", "ai", "customer", "human", "system"]


def test_nothing_is_said_when_a_person_answered_everything(scene: Scene) -> None:
    abstain(scene)
    writes(scene, "Fazemos sim!")
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert give_back(scene) == 0
    run(scene, sender=sender)
    assert sender.texts == ["Fazemos sim!"]
    scene.says("qual o preço?")
    run(scene, sender=sender)
    assert sender.texts[-1] == "re:2-2"


def test_a_conversation_that_came_back_can_go_to_people_again(scene: Scene) -> None:
    """H-03, H-04: with a hand-over and a sentence of its own."""
    abstain(scene)
    give_back(scene)
    scene.says("e bolo de cenoura?")
    sender = ScriptedSender()
    run(scene, responder=ABSTAINING, sender=sender)
    assert sender.texts == [CALLED]
    assert handoffs(scene, "state") == [["returned"], ["open"]]
    assert scene.conversation("human_takeover_count") == 2


def test_only_what_people_have_can_be_given_back(scene: Scene) -> None:
    scene.says("oi?")
    with pytest.raises(Rejected, match="do not have"):
        give_back(scene)
    with pytest.raises(Rejected, match="no conversation"):
        give_back(scene, uuid4())


def test_a_run_from_before_the_hand_over_cannot_speak_after_the_return(scene: Scene) -> None:
    """H-02, H-03: the person came and went while a model was thinking."""
    scene.says("oi?")

    def interrupted(_: Turn) -> Answer:
        writes(scene, "Oi, aqui é a Ana")
        give_back(scene)
        return Answer(text="tarde demais")

    sender = ScriptedSender()
    report = run(scene, responder=ScriptedResponder(interrupted), sender=sender)
    assert sender.texts == ["Oi, aqui é a Ana"]
    assert report.result in {"idle", "sent", "stale"}
    assert scene.rows("SELECT count(*) FROM departments.agent_executions WHERE status = 'completed'") == [[0]]
