"""A-03: a spending limit binds before a call is made and before a reply leaves; L4."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.agents.responder import Answer, FinishedCall, SpendingLimitReached, Turn
from shared.channels.outbox import NotSent, SendResult
from shared.conversations.queries import start_call
from tests.agents.running import run
from tests.channels.replies import Killed, begin
from tests.support.answers import ScriptedResponder, ScriptedSender

if TYPE_CHECKING:
    from shared.channels.outbox import Delivery
    from shared.conversations.models import ClaimedTurn
    from tests.support.conversations import Scene

_CALLS = "SELECT state, cost_usd FROM agents.llm_attempts ORDER BY started_at"


def allow(scene: Scene, limit: str, *, agent: bool = False) -> None:
    scene.execute(
        "INSERT INTO agents.spending_limits (organization_id, agent_id, monthly_limit_usd) VALUES (%s, %s, %s)",
        scene.organization_id,
        scene.tenant.agent_id if agent else None,
        Decimal(limit),
    )


def calls(*costs: str | None) -> ScriptedResponder:
    """Answers after one call for each of these costs, which is what the call reserves and uses."""

    def answer(turn: Turn) -> Answer:
        finished = [
            FinishedCall(call=turn.start_call(model="gpt", reserved_cost_usd=cost), cost_usd=cost)
            for cost in (None if cost is None else Decimal(cost) for cost in costs)
        ]
        return Answer(text="Resposta.", calls=tuple(finished))

    return ScriptedResponder(answer)


@pytest.mark.parametrize("agent", [False, True])
def test_a_call_that_does_not_fit_is_not_made_and_a_person_is_called(scene: Scene, *, agent: bool) -> None:
    allow(scene, "0.10", agent=agent)
    sender = ScriptedSender()
    scene.says("oi?")
    assert run(scene, responder=calls("0.06"), sender=sender).result == "answered"
    scene.says("e agora?")
    report = run(scene, responder=calls("0.06"), sender=sender)
    assert (report.result, report.reason) == ("abstained", "spending_limit")
    assert sender.texts == [
        "Resposta.",
        "Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você.",
    ]
    assert scene.rows(_CALLS) == [["succeeded", Decimal("0.06")]]
    assert scene.conversation("automation_state", "status") == ["human", "escalated"]


def test_what_fits_exactly_is_spent(scene: Scene) -> None:
    allow(scene, "0.10")
    scene.says("oi?")
    assert run(scene, responder=calls("0.06", "0.04")).result == "answered"
    assert len(scene.rows(_CALLS)) == 2


def test_a_limit_in_the_middle_of_a_turn_leaves_the_first_call_accounted(scene: Scene) -> None:
    allow(scene, "0.10")
    scene.says("oi?")
    assert run(scene, responder=calls("0.06", "0.06")).reason == "spending_limit"
    assert scene.rows("SELECT cost_usd FROM agents.llm_attempts") == [[Decimal("0.06")]]


def test_an_unknown_price_fits_into_no_limit_and_is_free_to_go_without_one(scene: Scene) -> None:
    scene.says("oi?")
    assert run(scene, responder=calls(None)).result == "answered"
    allow(scene, "1000000")
    scene.says("e agora?")
    assert run(scene, responder=calls(None)).reason == "spending_limit"


def test_another_agents_limit_and_last_months_calls_do_not_count(scene: Scene) -> None:
    allow(scene, "0.10")
    other = uuid4()
    scene.execute(
        "INSERT INTO departments.agents (id, organization_id, department_id, agent_type, name, status)"
        " SELECT %s, organization_id, department_id, 'faq_builder', 'Outro', 'active' FROM departments.agents",
        other,
    )
    scene.execute(
        "INSERT INTO agents.spending_limits (organization_id, agent_id, monthly_limit_usd) VALUES (%s, %s, 0)",
        scene.organization_id,
        other,
    )
    scene.says("oi?")
    run(scene, responder=calls("0.06"))
    scene.execute(
        "UPDATE agents.llm_attempts"
        " SET started_at = date_trunc('month', clock_timestamp(), 'UTC') - interval '1 microsecond'"
    )
    scene.says("e agora?")
    assert run(scene, responder=calls("0.06")).result == "answered"


def test_twenty_runs_at_once_do_not_pass_a_limit_together(scene: Scene) -> None:
    """Each reserves before it calls, one after the other."""
    allow(scene, "0.10")
    scene.says("oi?")
    claims: list[ClaimedTurn] = []

    def remember(turn: Turn) -> Answer:
        claims.append(turn.claimed)
        return Answer(text=None)

    run(scene, responder=ScriptedResponder(remember))
    [claimed] = claims

    def reserve(_: int) -> bool:
        return (
            start_call(
                scene.application,
                claimed=claimed,
                execution_id=uuid4(),
                attempt_id=uuid4(),
                attempt=1,
                model="gpt",
                reserved_cost_usd=Decimal("0.03"),
            )
            is not None
        )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(reserve, range(20))) == 3


def test_without_the_lock_they_would(scene: Scene) -> None:
    """The negative control: the question alone, asked by two transactions at once, says yes to both."""
    allow(scene, "0.05")
    more = Decimal("0.03")
    question = text("SELECT NOT agents.exceeds_spending_limit(:organization_id, :agent_id, :more)")
    entry = text(
        "INSERT INTO agents.llm_attempts (organization_id, execution_id, model, cost_usd)"
        " VALUES (:organization_id, gen_random_uuid(), 'gpt', :more)"
    )
    values = {"organization_id": scene.organization_id, "agent_id": scene.tenant.agent_id, "more": more}
    with scene.application.tenant(scene.organization_id) as one, scene.application.tenant(scene.organization_id) as two:
        for session in (one, two):
            assert session.execute(question, values).scalar_one() is True
        for session in (one, two):
            session.execute(entry, values)
    assert scene.value("SELECT sum(cost_usd) FROM agents.llm_attempts") == Decimal("0.06")


def paid_reply(scene: Scene, cost: str | None) -> None:
    """A committed reply whose worker died before its first look."""

    def die(_: Delivery) -> SendResult:
        raise Killed

    scene.says("oi?")
    with pytest.raises(Killed):
        run(scene, responder=calls(*([cost] if cost else [])), sender=ScriptedSender(die))
    scene.execute("UPDATE platform.outbox SET state = 'ready', attempt = 0, sending_at = NULL")


def test_a_paid_reply_is_held_when_the_limit_was_lowered_before_it_left(scene: Scene) -> None:
    allow(scene, "0.10")
    paid_reply(scene, "0.06")
    scene.execute("UPDATE agents.spending_limits SET monthly_limit_usd = 0.05")
    found = begin(scene, scene.value("SELECT id FROM platform.outbox"))
    assert isinstance(found, NotSent)
    assert (found.state, found.reason) == ("held", "spending_limit")
    assert scene.conversation("automation_state") == "human"


def test_a_reply_that_cost_nothing_is_not_stopped_by_a_limit(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, responder=calls("0.06"))
    allow(scene, "0.05")
    sender = ScriptedSender()
    scene.says("e agora?")
    assert run(scene, responder=calls(), sender=sender).accepted == 1


def test_the_limit_is_the_turns_to_handle_and_not_a_failure(scene: Scene) -> None:
    """A responder that lets the exception pass has done the right thing: the turn is not tried again."""
    scene.says("oi?")

    def stop(_: Turn) -> Answer:
        raise SpendingLimitReached

    assert run(scene, responder=ScriptedResponder(stop)).reason == "spending_limit"
    assert scene.conversation("turn_attempts", "run_at") == [0, None]
