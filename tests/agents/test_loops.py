"""A-08: machines that answer each other are stopped, flagged, and a person looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.agents.gates.loop import MOST_FAST_ANSWERS
from shared.agents.responder import Answer
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES

if TYPE_CHECKING:
    from shared.agents.turns import TurnReport
    from tests.support.conversations import Scene


def turn(scene: Scene, question: str, answer: str) -> TurnReport:
    scene.says(question)
    responder = ScriptedResponder(lambda _: Answer(text=answer))
    return run(scene, responder=responder, sender=ScriptedSender())


def slow_down(scene: Scene, seconds: float) -> None:
    """As if everything had been said so much earlier, with that time between a reply and the next message."""
    scene.execute(
        "UPDATE platform.messages SET created_at = created_at - make_interval(secs => %s)"
        " WHERE created_at > now() - interval '1 minute'",
        seconds,
    )


def test_the_same_question_twice_in_a_row_never_gets_the_same_reply_twice(scene: Scene) -> None:
    """A-08: a person gets it instead, and the conversation is flagged as a probable bot's."""
    assert turn(scene, "Obrigado pela mensagem!", "De nada!").result == "answered"
    report = turn(scene, "obrigado pela mensagem", "De nada.")
    assert (report.result, report.reason) == ("abstained", "probable_bot")
    assert scene.conversation("automation_state") == "human"
    assert scene.value("SELECT reason FROM platform.handoffs") == "probable_bot"


def test_another_question_or_another_reply_is_no_loop(scene: Scene) -> None:
    assert turn(scene, "tem pão?", "Temos.").result == "answered"
    assert turn(scene, "tem bolo?", "Temos.").result == "answered"
    assert turn(scene, "tem bolo?", "Bolo, sim.").result == "answered"


def test_the_same_question_an_hour_later_is_no_loop(scene: Scene) -> None:
    assert turn(scene, "tem pão?", "Temos.").result == "answered"
    slow_down(scene, 3600)
    assert turn(scene, "tem pão?", "Temos.").result == "answered"


def test_answers_that_come_faster_than_a_person_reads_are_a_machines(scene: Scene) -> None:
    """A-08: many times within two seconds; once or twice may be somebody who was writing on."""
    results = [turn(scene, f"pergunta {n}?", f"Resposta {n}.").reason for n in range(MOST_FAST_ANSWERS + 2)]
    assert results[:-1] == [None] * (MOST_FAST_ANSWERS + 1)
    assert results[-1] == "probable_bot"


def test_whoever_takes_three_seconds_is_a_person(scene: Scene) -> None:
    for n in range(MOST_FAST_ANSWERS + 3):
        assert turn(scene, f"pergunta {n}?", f"Resposta {n}.").result == "answered"
        slow_down(scene, 3)


def test_too_many_replies_to_a_contact_are_a_persons_whatever_the_words(scene: Scene) -> None:
    """A-08: so many in ten minutes."""
    few = replace(TIMES, max_replies=2)
    for question in ("um?", "dois?"):
        scene.says(question)
        assert run(scene, times=few).result == "answered"
    scene.says("três?")
    assert run(scene, times=few).reason == "too_many_replies"
