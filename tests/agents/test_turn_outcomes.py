"""A-14, A-15, C-19, C-20, H-02, H-04: what a turn leaves behind, whatever its answer is."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.agents.responder import Answer, CallUsage, Turn
from shared.usage.ledger import WORST_USD_PER_MILLION
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene
from tests.support.prices import CENT, cent_price


def test_a_model_call_is_written_down_before_it_is_made_and_settled_after(scene: Scene) -> None:
    cent_price(scene)
    scene.says("oi?")
    during: list[list[object]] = []
    attempts = (
        "SELECT state, model, purpose, cost_usd, reserved_cost_usd, input_tokens, cached_tokens"
        " FROM agents.llm_attempts ORDER BY started_at"
    )

    def answer(turn: Turn) -> Answer:
        call = turn.calls.start(model=CENT, purpose="rewrite", most=CallUsage(input_tokens=90, output_tokens=20))
        during.extend(scene.rows(attempts))
        turn.calls.finish(call, usage=CallUsage(input_tokens=80, output_tokens=10, cached_tokens=5))
        return Answer(text="sim", model=CENT)

    run(scene, responder=ScriptedResponder(answer))
    assert during == [["started", CENT, "rewrite", None, Decimal("1.1"), 90, 0]]
    assert scene.rows(attempts) == [["succeeded", CENT, "rewrite", Decimal("0.9"), Decimal("1.1"), 80, 5]]
    [[price_id]] = scene.rows("SELECT id FROM agents.model_prices")
    assert scene.rows(
        "SELECT model_used, tokens_consumed, input_tokens, output_tokens, cached_tokens, cost_usd, price_version"
        " FROM departments.agent_executions"
    ) == [[CENT, 90, 80, 10, 5, Decimal("0.9"), f"own:{price_id}"]]


def test_an_unknown_price_is_unknown_and_not_zero(scene: Scene) -> None:
    scene.says("oi?")

    def answer(turn: Turn) -> Answer:
        call = turn.calls.start(model="test:new", most=CallUsage(input_tokens=2_000_000))
        turn.calls.finish(call, usage=CallUsage(input_tokens=1_000_000))
        return Answer(text="sim")

    run(scene, responder=ScriptedResponder(answer))
    assert scene.rows("SELECT cost_usd, price_version FROM departments.agent_executions") == [[None, None]]
    assert scene.rows("SELECT state, cost_usd, reserved_cost_usd FROM agents.llm_attempts") == [
        ["succeeded", None, WORST_USD_PER_MILLION]
    ]


def test_the_execution_explains_the_turn(scene: Scene) -> None:
    """A-14: message ids, passages and scores, model, outcome; the reply's text is in its message."""
    scene.says("oi", "abrem?")

    def answer(_: Turn) -> Answer:
        return Answer(
            text="Sim.", model="extractive", chunk_ids=("c1", "c2"), scores=(0.9, 0.2), details={"used": ["c1"]}
        )

    run(scene, responder=ScriptedResponder(answer))
    [[given, made, trigger, fence]] = scene.rows(
        "SELECT input_data, output_data, trigger_type, fence FROM departments.agent_executions"
    )
    messages = scene.rows("SELECT id::text FROM platform.messages WHERE direction = 'inbound' ORDER BY seq")
    assert given["message_ids"] == [row[0] for row in messages]
    assert (made["chunk_ids"], made["scores"], made["used"]) == (["c1", "c2"], [0.9, 0.2], ["c1"])
    assert made["message_ids"] == [
        row[0] for row in scene.rows("SELECT id::text FROM platform.messages WHERE direction = 'outbound'")
    ]
    assert (trigger, fence) == ("webhook", 1)
    assert scene.rows("SELECT action, resource_id FROM audit.activity_logs") == [
        ["message.generated", scene.conversation_id]
    ]


def test_an_abstaining_answer_says_one_sentence_and_calls_a_person(scene: Scene) -> None:
    """H-04: the sentence goes out although the conversation is a person's from the commit on."""
    scene.says("qual o sentido da vida?")
    sender = ScriptedSender()
    responder = ScriptedResponder(lambda _: Answer(text="Já chamei alguém.", abstained=True, reason="knowledge_gap"))
    report = run(scene, responder=responder, sender=sender)
    assert (report.result, report.reason, report.accepted) == ("abstained", "knowledge_gap", 1)
    assert sender.texts == ["Já chamei alguém."]
    assert scene.conversation("automation_state", "status", "assigned_to_human", "run_at") == [
        "human",
        "escalated",
        True,
        None,
    ]
    assert scene.value("SELECT escalated_at IS NOT NULL FROM platform.conversations") is True
    scene.says("alô?")
    assert run(scene, responder=responder, sender=sender).reason == "human"
    assert len(sender.sent) == 1


def test_an_answer_without_text_ends_the_turn_in_silence(scene: Scene) -> None:
    scene.says("👍")
    sender = ScriptedSender()
    report = run(scene, responder=ScriptedResponder(lambda _: Answer(text=None)), sender=sender)
    assert (report.result, sender.sent) == ("answered", [])
    assert scene.rows("SELECT outcome FROM departments.agent_executions") == [["no_reply"]]
    assert scene.conversation("done_seq") == 1


def test_a_responder_that_fails_gives_the_turn_back_and_waits_longer_each_time(scene: Scene) -> None:
    """A-15, Q5: five tries, then a person; the customer's text is not in the record."""
    scene.says("oi?")

    def fail(_: Turn) -> Answer:
        raise ValueError("oi? is in this text")

    pauses = []
    for _ in range(5):
        scene.execute("UPDATE platform.conversations SET run_at = now() - interval '1 second'")
        report = run(scene, responder=ScriptedResponder(fail))
        assert (report.result, report.reason) == ("failed", "ValueError")
        assert report.next_at is not None
        pauses.append((report.next_at - datetime.now(UTC)).total_seconds())
    assert pauses == sorted(pauses)
    assert 1 < pauses[0] <= 2
    assert 31 < pauses[-1] <= 32
    scene.execute("UPDATE platform.conversations SET run_at = now() - interval '1 second'")
    assert run(scene).reason == "turn_attempts"
    assert scene.conversation("automation_state", "status", "done_seq") == ["dead", "escalated", 0]
    assert scene.rows(
        "SELECT metadata ->> 'reason' FROM audit.activity_logs WHERE action = 'conversation.escalated'"
    ) == [["turn_attempts"]]


def test_a_dead_conversation_does_not_stop_the_others(scene: Scene) -> None:
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET turn_attempts = 5")
    assert run(scene).reason == "turn_attempts"
    scene.customer = "5511900000001"
    scene.says("oi?")
    assert run(scene).result == "answered"


def test_a_zombies_commit_is_refused_and_writes_nothing(scene: Scene) -> None:
    """K9, A-02: it was stopped before its commit, and another worker has answered meanwhile."""
    scene.says("oi?")
    sender = ScriptedSender()
    times = type(TIMES)(quiet=0.0, ceiling=0.0, lease=0.05, timeout=20.0)

    def stall(_: Turn) -> Answer:
        threading.Event().wait(0.1)  # the lease's time: a stopped process sees nothing of it
        assert run(scene, sender=sender, times=times).accepted == 1
        return Answer(text="zombie")

    report = run(scene, responder=ScriptedResponder(stall), sender=sender, times=times)
    assert report.accepted == 0
    assert sender.texts == ["re:1-1"]
    assert scene.rows("SELECT status, outcome FROM departments.agent_executions ORDER BY created_at") == [
        ["failed", "timeout"],
        ["completed", "answered"],
    ]
    assert scene.rows("SELECT count(*) FROM platform.outbox") == [[1]]


def test_a_person_who_takes_over_during_the_turn_is_not_talked_over(scene: Scene) -> None:
    """H-02: the in-flight run cannot send any more; its cost is kept."""
    scene.says("oi?")

    def takeover(_: Turn) -> Answer:
        scene.execute("UPDATE platform.conversations SET automation_state = 'human'")
        return Answer(text="tarde demais")

    sender = ScriptedSender()
    report = run(scene, responder=ScriptedResponder(takeover), sender=sender)
    assert (report.result, sender.sent) == ("human_active", [])
    assert scene.rows("SELECT status, outcome FROM departments.agent_executions") == [["superseded", "human_active"]]
    assert scene.conversation("done_seq", "lease_until") == [0, None]


def test_long_answers_go_out_in_parts_in_order(scene: Scene) -> None:
    """C-19: the next part only after the one before is accepted."""
    scene.says("conte tudo")
    text = " ".join(f"Frase número {n} de um texto comprido." for n in range(200))
    sender = ScriptedSender()
    report = run(scene, responder=ScriptedResponder(lambda _: Answer(text=text)), sender=sender)
    assert report.accepted == 2
    assert all(len(part) <= 4096 for part in sender.texts)
    assert " ".join(sender.texts) == text
    assert [delivery.part for delivery in sender.sent] == [1, 2]


def test_an_agent_may_ask_for_shorter_messages(scene: Scene) -> None:
    scene.execute(
        "UPDATE departments.agents SET configuration = '{\"message_limit\": 20}' WHERE organization_id = %s",
        scene.organization_id,
    )
    scene.says("oi?")
    sender = ScriptedSender()
    run(scene, responder=ScriptedResponder(lambda _: Answer(text="Primeira frase. Segunda frase.")), sender=sender)
    assert sender.texts == ["Primeira frase.", "Segunda frase."]


@pytest.mark.parametrize("text", ["nul \x00 byte", "lone \ud800 surrogate"])
def test_an_answer_that_the_database_cannot_hold_is_cleaned(scene: Scene, text: str) -> None:
    scene.says("oi?")
    sender = ScriptedSender()
    assert run(scene, responder=ScriptedResponder(lambda _: Answer(text=text)), sender=sender).accepted == 1
    assert "\N{REPLACEMENT CHARACTER}" in sender.texts[0]


def test_a_conversation_that_nobody_knows_is_no_work(scene: Scene) -> None:
    report = run(scene, conversation_id=scene.organization_id)
    assert (report.result, report.reason) == ("idle", "unknown_conversation")


@pytest.mark.parametrize("text", ["PARE", "Sair.", "stop!", "não quero mais receber"])
def test_whoever_opts_out_gets_no_more_marketing_and_no_reply(scene: Scene, text: str) -> None:
    """C-20: at once, with an audit row; the next question is a request for service again."""
    scene.says(text)
    responder, sender = ScriptedResponder(), ScriptedSender()
    run(scene, responder=responder, sender=sender)
    assert (responder.turns, sender.sent) == ([], [])
    assert scene.conversation("opted_out_at IS NOT NULL", "automation_state", "done_seq") == [True, "auto", 1]
    assert "contact.opted_out" in [row[0] for row in scene.rows("SELECT action FROM audit.activity_logs")]
    scene.says("vocês abrem domingo?")
    run(scene, responder=responder, sender=sender)
    assert sender.texts == ["re:2-2"]


def test_the_word_in_a_question_is_no_opt_out(scene: Scene) -> None:
    scene.says("vocês sabem sair da promoção? pare para pensar")
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == ["re:1-1"]


def test_a_run_that_takes_too_long_leaves_the_rest_to_another(scene: Scene) -> None:
    """The queue stops listening at its deadline: the reply's second part has a task of its own."""
    scene.says("conte tudo")
    text = " ".join(f"Frase número {n} de um texto comprido." for n in range(200))
    hurried = replace(TIMES, timeout=0.0)
    sender = ScriptedSender()
    report = run(scene, responder=ScriptedResponder(lambda _: Answer(text=text)), sender=sender, times=hurried)
    assert (report.result, report.accepted) == ("ready", 1)
    assert report.next_at is not None
    assert run(scene, sender=sender).accepted == 1
    assert " ".join(sender.texts) == text


def test_an_answer_without_end_is_not_sent(scene: Scene) -> None:
    """L2: a megabyte of text is a person's, not two hundred messages."""
    scene.says("oi?")
    sender = ScriptedSender()
    report = run(scene, responder=ScriptedResponder(lambda _: Answer(text="palavra " * 100_000)), sender=sender)
    assert (report.result, report.reason) == ("abstained", "gate:shape")
    assert len(sender.texts) == 1


def test_nobody_is_asked_to_answer_what_was_taken_back(scene: Scene) -> None:
    """C-14: the turn ends without a word, and without the cost of one."""
    scene.says("oi?", "não, esquece")
    scene.execute("UPDATE platform.messages SET deleted_at = now()")
    responder, sender = ScriptedResponder(), ScriptedSender()
    run(scene, responder=responder, sender=sender)
    assert (responder.turns, sender.sent) == ([], [])
    assert scene.conversation("done_seq", "automation_state") == [2, "auto"]
