"""A-10: between an answer and its commit stand the gates: one more try, or a person; and it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from shared.agents.gates.models import Source, Verdict
from shared.agents.gates.order import GATES
from shared.agents.responder import Answer, SpendingLimitReached, Turn
from shared.kit.errors import Unavailable
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.agents.responder import Responder
    from shared.agents.turns import TurnReport
    from tests.support.conversations import Scene

_PERSON = "Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você."
_PRICE = Source("chunk", "O bolo custa R$ 95,00.")


@dataclass
class SecondTry:
    """Writes a wrong price first, then what `again` makes of the vetoes."""

    again: Callable[[Sequence[Verdict]], Answer]
    vetoes: list[list[Verdict]] = field(default_factory=list)

    def answer(self, turn: Turn) -> Answer:
        del turn
        return Answer(text="O bolo custa R$ 15,00.", model="a:b", sources=(_PRICE,))

    def rewrite(self, turn: Turn, answer: Answer, vetoes: Sequence[Verdict]) -> Answer:
        del turn, answer
        self.vetoes.append(list(vetoes))
        return self.again(vetoes)


def answered(scene: Scene, responder: Responder) -> tuple[list[str], TurnReport]:
    scene.says("quanto custa o bolo?")
    sender = ScriptedSender()
    report = run(scene, responder=responder, sender=sender)  # type: ignore[arg-type]
    return sender.texts, report


def gates_of(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.value("SELECT output_data -> 'gates' FROM departments.agent_executions")
    return found


def test_a_veto_is_written_once_more_and_then_sent(scene: Scene) -> None:
    """A-10: the responder is told which gate objected to which words."""
    responder = SecondTry(lambda _: Answer(text="O bolo custa R$ 95,00.", model="a:b", sources=(_PRICE,)))
    texts, report = answered(scene, responder)
    assert (texts, report.result) == (["O bolo custa R$ 95,00."], "answered")
    [[veto]] = responder.vetoes
    assert (veto.gate, veto.code, veto.found) == ("amounts", "money", "r$ 15,00")


def test_a_second_veto_is_a_persons(scene: Scene) -> None:
    """A-10: no third try."""
    responder = SecondTry(lambda _: Answer(text="O bolo custa R$ 16,00.", model="a:b", sources=(_PRICE,)))
    texts, report = answered(scene, responder)
    assert (texts, report.result, report.reason) == ([_PERSON], "abstained", "gate:amounts")
    assert len(responder.vetoes) == 1
    assert scene.conversation("automation_state") == "human"


def test_who_cannot_write_again_leaves_it_to_a_person_at_once(scene: Scene) -> None:
    texts, report = answered(scene, ScriptedResponder(lambda _: Answer(text="Custa R$ 15,00.", sources=(_PRICE,))))
    assert (texts, report.reason) == ([_PERSON], "gate:amounts")


def test_every_verdict_is_kept_with_the_execution_and_the_words_are_not(scene: Scene) -> None:
    """A-10: of both tries, each gate with its version."""
    answered(scene, SecondTry(lambda _: Answer(text="O bolo custa R$ 16,00.", model="a:b", sources=(_PRICE,))))
    kept = gates_of(scene)
    names = [gate.name for gate in GATES]
    assert [(one["attempt"], one["gate"]) for one in kept] == [(attempt, name) for attempt in (1, 2) for name in names]
    assert {(one["gate"], one["version"]) for one in kept} == {(gate.name, gate.version) for gate in GATES}
    assert [(one["gate"], one["code"]) for one in kept if not one["passed"]] == [("amounts", "money")] * 2
    assert "15,00" not in str(kept)


@pytest.mark.parametrize("trouble", [SpendingLimitReached(), ValueError("nonsense"), TimeoutError()])
def test_whatever_goes_wrong_in_the_second_try_leads_to_a_person(scene: Scene, trouble: Exception) -> None:
    def fail(_: Sequence[Verdict]) -> Answer:
        raise trouble

    texts, report = answered(scene, SecondTry(fail))
    assert (texts, report.reason) == ([_PERSON], "gate:amounts")


def test_a_database_that_is_away_in_the_second_try_gives_the_turn_back(scene: Scene) -> None:
    def away(_: Sequence[Verdict]) -> Answer:
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        answered(scene, SecondTry(away))
    assert scene.conversation("automation_state", "done_seq") == ["auto", 0]


def test_a_promise_of_a_person_is_kept_when_the_answer_hands_over(scene: Scene) -> None:
    """H-05: the same words, with a person and without."""
    promise = "Vou chamar uma atendente para ajudar você."
    texts, _ = answered(
        scene, ScriptedResponder(lambda _: Answer(text=promise, abstained=True, reason="customer_asked"))
    )
    assert texts == [promise]
    scene.customer = "5511000000001"
    texts, report = answered(scene, ScriptedResponder(lambda _: Answer(text=promise)))
    assert (texts, report.reason) == ([_PERSON], "gate:promises")
    assert scene.value("SELECT count(*) FROM platform.handoffs") == 2


def test_the_catalogue_is_a_ground_too(scene: Scene) -> None:
    scene.execute('UPDATE departments.agents SET configuration = \'{"catalogue": [{"name": "Bolo", "price": 95}]}\'')
    texts, _ = answered(scene, ScriptedResponder(lambda _: Answer(text="O bolo custa R$ 95,00.", model="a:b")))
    assert texts == ["O bolo custa R$ 95,00."]
