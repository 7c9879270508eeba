"""A-03, A-07: a spending limit binds before a call is made and before a reply leaves."""

from __future__ import annotations

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.agents.responder import Answer, CallUsage, SpendingLimitReached, Turn
from shared.channels.outbox import NotSent, SendResult
from shared.kit.errors import Unavailable
from shared.usage.ledger import Ledger
from shared.usage.queries import Account, settle_attempts
from tests.agents.running import run
from tests.channels.replies import Killed, begin
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import Scene, scene_in
from tests.support.prices import CENT, cent_price, cents

if TYPE_CHECKING:
    from shared.channels.outbox import Delivery
    from tests.support.database import Database

_CALLS = "SELECT state, cost_usd FROM agents.llm_attempts ORDER BY started_at"


def allow(scene: Scene, amount: str, *, agent: bool = False) -> None:
    """Sets a limit; CENT has its price from then on."""
    cent_price(scene)
    limit(scene, amount, agent=agent)


def limit(scene: Scene, amount: str, *, agent: bool = False) -> None:
    scene.execute(
        "INSERT INTO agents.spending_limits (organization_id, agent_id, monthly_limit_usd) VALUES (%s, %s, %s)",
        scene.organization_id,
        scene.tenant.agent_id if agent else None,
        Decimal(amount),
    )


def calls(*costs: int) -> ScriptedResponder:
    """Answers after one call for each of these costs (cents), which is what the call reserves and uses."""

    def answer(turn: Turn) -> Answer:
        for cost in costs:
            turn.calls.finish(turn.calls.start(model=CENT, most=cents(cost)), usage=cents(cost))
        return Answer(text="Resposta.")

    return ScriptedResponder(answer)


@pytest.mark.parametrize("agent", [False, True])
def test_a_call_that_does_not_fit_is_not_made_and_a_person_is_called(scene: Scene, *, agent: bool) -> None:
    allow(scene, "0.10", agent=agent)
    sender = ScriptedSender()
    scene.says("oi?")
    assert run(scene, responder=calls(6), sender=sender).result == "answered"
    scene.says("e agora?")
    report = run(scene, responder=calls(6), sender=sender)
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
    assert run(scene, responder=calls(6, 4)).result == "answered"
    assert len(scene.rows(_CALLS)) == 2


def test_a_limit_in_the_middle_of_a_turn_leaves_the_first_call_accounted(scene: Scene) -> None:
    allow(scene, "0.10")
    scene.says("oi?")
    assert run(scene, responder=calls(6, 6)).reason == "spending_limit"
    assert scene.rows("SELECT cost_usd FROM agents.llm_attempts") == [[Decimal("0.06")]]


def test_a_model_without_a_price_counts_at_the_worst_price_and_its_cost_stays_unknown(scene: Scene) -> None:
    """With 75 dollars for a million tokens, 1 000 tokens fit into ten cents once, and what they did not use is free."""

    def answer(turn: Turn) -> Answer:
        call = turn.calls.start(model="test:new", most=CallUsage(input_tokens=900, output_tokens=100))
        turn.calls.finish(call, usage=CallUsage(input_tokens=400))
        return Answer(text="Resposta.")

    allow(scene, "0.10")
    scene.says("oi?")
    assert run(scene, responder=ScriptedResponder(answer)).result == "answered"
    assert scene.rows("SELECT cost_usd, reserved_cost_usd FROM agents.llm_attempts") == [[None, Decimal("0.03")]]
    scene.says("e agora?")
    assert run(scene, responder=ScriptedResponder(answer)).reason == "spending_limit"


def test_a_guards_call_is_written_down_and_no_limit_stops_or_counts_it(scene: Scene) -> None:
    def answer(turn: Turn) -> Answer:
        turn.calls.finish(turn.calls.start(model=CENT, purpose="guard", most=cents(50)), usage=cents(50))
        return Answer(text="Resposta.")

    allow(scene, "0.10")
    scene.says("oi?")
    assert run(scene, responder=ScriptedResponder(answer)).accepted == 1
    assert scene.rows("SELECT purpose, cost_usd FROM agents.llm_attempts") == [["guard", Decimal("0.5")]]
    scene.says("e agora?")
    assert run(scene, responder=calls(10)).accepted == 1


def test_four_fifths_of_a_limit_are_told_once_in_a_month_and_so_is_its_end(scene: Scene) -> None:
    told = (
        "SELECT action, metadata ->> 'spent_usd' FROM audit.activity_logs WHERE action LIKE 'spending_limit.%'"
        " ORDER BY created_at"
    )
    allow(scene, "0.10")
    for cost, expected in ((7, 0), (1, 1), (1, 1), (5, 2), (5, 2)):
        scene.says("oi?")
        scene.execute("UPDATE platform.conversations SET automation_state = 'auto'")
        run(scene, responder=calls(cost))
        assert len(scene.rows(told)) == expected
    assert [(action, Decimal(spent)) for action, spent in scene.rows(told)] == [
        ("spending_limit.warned", Decimal("0.08")),
        ("spending_limit.reached", Decimal("0.09")),
    ]
    scene.execute("UPDATE agents.spending_limits SET warned_month = warned_month - interval '1 month'")
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET automation_state = 'auto'")
    run(scene, responder=calls(1))
    assert len(scene.rows(told)) == 3


def test_the_month_is_the_organizations_own(scene: Scene) -> None:
    """Its first hours are the month before in UTC, or the other way round."""
    for zone in ("America/Sao_Paulo", "Pacific/Auckland"):
        scene.execute("UPDATE platform.organizations SET timezone = %s", zone)
        assert scene.value(
            "SELECT agents.month_start(id) AT TIME ZONE timezone = date_trunc('month', now() AT TIME ZONE timezone)"
            " FROM platform.organizations"
        )


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
    run(scene, responder=calls(6))
    scene.execute(
        "UPDATE agents.llm_attempts SET started_at = agents.month_start(organization_id) - interval '1 microsecond'"
    )
    scene.says("e agora?")
    assert run(scene, responder=calls(6)).result == "answered"


def reserve(scene: Scene, cost: int, *, used: int) -> bool:
    """One run with one call that is settled; whether it was allowed. A pool that is busy is asked again."""
    account = Account(scene.organization_id, execution_id=uuid4(), agent_id=scene.tenant.agent_id)
    ledger = Ledger(scene.application, account=account)
    while True:
        try:
            ledger.finish(ledger.start(model=CENT, most=cents(cost)), usage=cents(used))
            settle_attempts(scene.application, organization_id=scene.organization_id, calls=ledger.close())
        except Unavailable:
            continue
        except SpendingLimitReached:
            return False
        return True


def test_twenty_runs_at_once_do_not_pass_a_limit_together(scene: Scene) -> None:
    """L4: each reserves before it calls, one after the other; what a run really uses is settled after it."""
    allow(scene, "0.10")
    start = threading.Barrier(20)

    def one_run(_: int) -> bool:
        start.wait()
        return reserve(scene, 3, used=3)

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(one_run, range(20))) == 3
    assert scene.value("SELECT sum(cost_usd) FROM agents.llm_attempts") == Decimal("0.09")


def test_a_call_that_used_more_than_it_reserved_is_the_last_one(scene: Scene) -> None:
    allow(scene, "0.10")
    assert reserve(scene, 3, used=15)
    assert not reserve(scene, 1, used=1)


_START = text(
    "SELECT agents.start_attempt(:organization_id, NULL, NULL, gen_random_uuid(), gen_random_uuid(), NULL, 1, :model,"
    " 'answer', CAST(:most AS jsonb), NULL, 0) ->> 'refused'"
)


# which would wait too
_TELLS = "agents.note_spending(l, 'warned', month, spent + reserved)"


def ask_twice_at_once(scene: Scene) -> list[str | None]:
    """Two open transactions ask for 3 of 5 cents; the second may wait 100 ms for the first."""
    values = {"organization_id": scene.organization_id, "model": CENT, "most": json.dumps(cents(3).as_data())}
    with scene.application.tenant(scene.organization_id) as one, scene.application.tenant(scene.organization_id) as two:
        two.execute(text("SET LOCAL lock_timeout = '100ms'"))
        return [session.execute(_START, values).scalar_one() for session in (one, two)]


def test_the_second_who_asks_waits_for_the_first(scene: Scene) -> None:
    allow(scene, "0.05")
    with pytest.raises(Unavailable, match="55P03"):  # lock_not_available
        ask_twice_at_once(scene)


def test_without_the_lock_both_would_be_allowed(database: Database) -> None:
    """The negative control: the same function without its lock says yes to both."""
    with scene_in(database) as scene:
        allow(scene, "0.05")
        with contextlib.closing(database.superuser()) as superuser:
            cursor = superuser.cursor()
            cursor.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'start_attempt'")
            [definition] = cursor.fetchone()
            assert "FOR NO KEY UPDATE" in definition
            assert _TELLS in definition
            cursor.execute(definition.replace("FOR NO KEY UPDATE", "").replace(_TELLS, "true"))
        assert ask_twice_at_once(scene) == [None, None]
        assert scene.value("SELECT sum(reserved_cost_usd) FROM agents.llm_attempts") == Decimal("0.06")


def paid_reply(scene: Scene, cost: int) -> None:
    """A committed reply whose worker died before its first look."""

    def die(_: Delivery) -> SendResult:
        raise Killed

    scene.says("oi?")
    with pytest.raises(Killed):
        run(scene, responder=calls(cost), sender=ScriptedSender(die))
    scene.execute("UPDATE platform.outbox SET state = 'ready', attempt = 0, sending_at = NULL")


def test_a_paid_reply_is_held_when_the_limit_was_lowered_before_it_left(scene: Scene) -> None:
    allow(scene, "0.10")
    paid_reply(scene, 6)
    scene.execute("UPDATE agents.spending_limits SET monthly_limit_usd = 0.05")
    found = begin(scene, scene.value("SELECT id FROM platform.outbox"))
    assert isinstance(found, NotSent)
    assert (found.state, found.reason) == ("held", "spending_limit")
    assert scene.conversation("automation_state") == "human"


def test_a_reply_that_cost_nothing_is_not_stopped_by_a_limit(scene: Scene) -> None:
    cent_price(scene)
    scene.says("oi?")
    run(scene, responder=calls(6))
    limit(scene, "0.05")
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
