"""How a customer was understood is kept with the messages that were answered, in the same commit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from shared.agents.responder import Answer, Understanding
from tests.agents.running import run
from tests.support.answers import ScriptedResponder

if TYPE_CHECKING:
    from shared.agents.responder import Turn
    from tests.support.conversations import Scene

_READ = (
    "SELECT seq, intent_classification, sentiment_score, confidence_score, entities_extracted FROM platform.messages"
)


def test_each_message_of_the_burst_has_it_and_no_other(scene: Scene) -> None:
    entities = ({"kind": "product", "value": "bolo de 1e131071 velas"},)

    def understood(turn: Turn) -> Answer:
        del turn
        return Answer("Sim.", understanding=Understanding("purchase", -0.25, 0.9, entities), prompt="customer:abc")

    scene.says("oi")
    run(scene, responder=ScriptedResponder(lambda _: Answer("Olá!")))
    scene.says("quero um bolo", "para hoje")
    run(scene, responder=ScriptedResponder(understood))
    rows = scene.rows(f"{_READ} WHERE direction = 'inbound' ORDER BY seq")
    expected = ["purchase", Decimal("-0.25"), Decimal("0.90"), list(entities)]
    assert rows == [[1, None, None, None, []], [2, *expected], [3, *expected]]
    told = scene.rows("SELECT prompt_used FROM platform.messages WHERE direction = 'outbound' ORDER BY created_at")
    assert told == [[None], ["customer:abc"]]


def test_an_answer_that_is_superseded_says_nothing_of_the_messages(scene: Scene) -> None:
    def interrupted(turn: Turn) -> Answer:
        del turn
        scene.execute("UPDATE platform.conversations SET automation_state = 'human'")
        return Answer("Sim.", understanding=Understanding("purchase", 0, 1))

    scene.says("quero um bolo")
    assert run(scene, responder=ScriptedResponder(interrupted)).result == "human_active"
    assert scene.value("SELECT intent_classification FROM platform.messages WHERE direction = 'inbound'") is None
