"""O-01, C-09, C-17, K3, K5: what the sweep settles, and what it calls a person for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from shared.channels.outbox import SendResult
from shared.kit.ids import new_id
from shared.usage.ledger import Ledger
from shared.usage.queries import Account
from tests.functions.work_sweep.sweeping import AT_ONCE, PATIENT, claimed, run, swept
from tests.support.answers import ScriptedSender
from tests.support.conversations import Scene, scene_in
from tests.support.prices import CENT, cent_price, cents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    with scene_in(database) as found:
        yield found


def test_a_send_that_never_ended_becomes_uncertain_and_is_sent_again_after_the_window(scene: Scene) -> None:
    """K5: nobody knows whether it left; no status came."""
    scene.says("oi?")
    run(scene, ScriptedSender(lambda _: SendResult(outcome="uncertain")))
    scene.execute("UPDATE platform.outbox SET state = 'sending', uncertain_at = NULL")
    assert swept(scene, PATIENT)["sends_expired"] == 0
    counts = swept(scene, replace(AT_ONCE, uncertain=60.0))
    assert (counts["sends_expired"], counts["uncertain_resent"]) == (1, 0)
    assert scene.rows("SELECT state, uncertain_at IS NOT NULL FROM platform.outbox") == [["uncertain", True]]
    assert scene.rows("SELECT outcome, attempt FROM platform.outbox_attempts ORDER BY created_at") == [
        ["uncertain", 1],
        ["abandoned", 1],
    ]
    counts = swept(scene)
    assert (counts["uncertain_resent"], counts["reasons"]) == (1, {"unsent": 1})
    sender = ScriptedSender()
    run(scene, sender)
    assert [delivery.attempt for delivery in sender.sent] == [2]


def test_what_must_not_be_sent_twice_is_held_for_a_person(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, ScriptedSender(lambda _: SendResult(outcome="uncertain")))
    scene.execute("UPDATE platform.outbox SET resend_policy = 'hold'")
    counts = swept(scene)
    assert (counts["uncertain_held"], counts["found"]) == (1, 0)
    assert scene.rows("SELECT state, cancel_reason FROM platform.outbox") == [["held", "uncertain"]]
    assert scene.conversation("automation_state") == "human"


def test_a_lost_model_call_keeps_its_reserved_cost(scene: Scene) -> None:
    """K3: the worker died in the call; an unknown price stays unknown."""
    scene.says("oi?")
    cent_price(scene)
    turn = claimed(scene)
    account = Account(
        organization_id=turn.organization_id,
        execution_id=new_id(),
        conversation_id=turn.conversation_id,
        fence=turn.fence,
    )
    ledger = Ledger(scene.application, account=account)
    for model in (CENT, "test:new"):
        ledger.start(model=model, most=cents(5))
    assert swept(scene, PATIENT)["calls_estimated"] == 0
    assert swept(scene)["calls_estimated"] == 2
    assert scene.rows("SELECT state, cost_usd, error_code FROM agents.llm_attempts ORDER BY attempt") == [
        ["estimated", Decimal("0.05"), "worker_lost"],
        ["estimated", None, "worker_lost"],
    ]


def test_an_execution_that_never_ended_is_closed(scene: Scene) -> None:
    scene.execute(
        "INSERT INTO departments.agent_executions (organization_id, agent_id, trigger_type, status)"
        " VALUES (%s, %s, 'manual', 'running')",
        scene.organization_id,
        scene.tenant.agent_id,
    )
    assert swept(scene)["executions_closed"] == 1
    assert scene.rows("SELECT status, outcome FROM departments.agent_executions") == [["failed", "timeout"]]


def test_a_row_that_is_older_than_its_state_allows_is_an_alarm(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, ScriptedSender(lambda _: SendResult(outcome="uncertain")))
    scene.execute("UPDATE platform.outbox SET uncertain_at = now() - interval '1 hour'")
    counts = swept(scene, replace(PATIENT, uncertain=7200.0))
    assert counts["overdue"] == {"platform.outbox.state=uncertain": 1}


@pytest.mark.parametrize("code", ["131047", "131026", "131050"])
def test_a_delivery_that_failed_after_its_acceptance_calls_a_person_once(scene: Scene, code: str) -> None:
    """C-17, L6: the provider took the message and said later that it could not be delivered."""
    scene.says("oi?")
    run(scene)
    [[outbox_id, wamid]] = scene.rows("SELECT id, provider_message_id FROM platform.outbox")
    scene.reports("failed", provider_message_id=wamid, outbox_id=outbox_id, error_code=code)
    assert swept(scene)["failures_escalated"] == 1
    assert scene.rows("SELECT state, error_code FROM platform.outbox") == [["refused", code]]
    assert scene.conversation("automation_state", "assigned_to_human") == ["human", True]
    assert scene.conversation("opted_out_at IS NOT NULL") is (code == "131050")
    assert swept(scene)["failures_escalated"] == 0


def test_a_failure_that_is_reported_after_the_delivery_calls_nobody(scene: Scene) -> None:
    """C-09: failed after delivered is recorded and does not erase delivered."""
    scene.says("oi?")
    run(scene)
    [[outbox_id, wamid]] = scene.rows("SELECT id, provider_message_id FROM platform.outbox")
    for status in ("delivered", "failed"):
        scene.reports(status, provider_message_id=wamid, outbox_id=outbox_id)
    assert swept(scene)["failures_escalated"] == 0
    assert scene.conversation("automation_state") == "auto"
