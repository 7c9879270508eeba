"""H-03, H-04, H-07: customers who wait for a person are told, people are reminded, and time gives back what is left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions.work_sweep.handoffs import look_after_handoffs
from shared.conversations.handoffs import claim_handoff
from shared.conversations.queries import claim_turn
from tests.agents.running import run
from tests.functions.message_delivery.delivering import delivered
from tests.functions.work_sweep.sweeping import AT_ONCE, swept
from tests.support.answers import ScriptedSender
from tests.support.conversations import TIMES, Scene, scene_in
from tests.support.handoffs import ABSTAINING, configure, give_back, handoffs, make_user, opens_in_three_days, writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

CALLED = "Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você."
NOBODY_YET = "Ainda não há ninguém da equipe da Padaria Aurora livre para responder. Seu pedido continua na fila."
LATE = "UPDATE platform.handoffs SET target_at = now() - interval '1 second'"
ALERTED = "UPDATE platform.handoffs SET alerted_at = now() - interval '6 minutes'"
LONG_AGO = "UPDATE platform.messages SET created_at = created_at - interval '1 hour'"
ALERTS = "SELECT metadata ->> 'reason' FROM audit.activity_logs WHERE action = 'handoff.unclaimed'"
NOTHING = {"returned": 0, "told": 0, "alerted": 0, "updated": 0}


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    with scene_in(database) as found:
        yield found


@pytest.fixture
def waiting(scene: Scene) -> Scene:
    """A conversation that was handed over by an answer, and the customer told."""
    scene.says("fazem bolo de casamento?")
    run(scene, responder=ABSTAINING)
    return scene


def look(scene: Scene) -> dict[str, Any]:
    return look_after_handoffs(scene.worker, max_age=12 * 3600.0, grace=0.0)


def hand_over_and_die(scene: Scene) -> None:
    """The claim hands over, and its worker says nothing any more."""
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET turn_attempts = 5")
    claim_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        times=TIMES,
    )


def test_the_sweep_tells_the_customer_what_a_lost_worker_did_not(scene: Scene) -> None:
    """H-04: once; the sentence is found and sent as every unsent reply is."""
    hand_over_and_die(scene)
    assert look(scene) == NOTHING | {"told": 1}
    assert look(scene) == NOTHING
    assert swept(scene)["reasons"] == {"unsent": 1}
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == [CALLED]


def test_a_new_hand_over_is_left_to_the_run_that_made_it(scene: Scene) -> None:
    hand_over_and_die(scene)
    assert look_after_handoffs(scene.worker, max_age=3600.0) == NOTHING


def test_people_are_reminded_once_when_nobody_comes_in_time(waiting: Scene) -> None:
    """H-07: the second alert: the row, the audit log, the log."""
    assert look(waiting) == NOTHING
    waiting.execute(LATE)
    assert look(waiting) == NOTHING | {"alerted": 1}
    assert look(waiting) == NOTHING
    assert waiting.rows(ALERTS) == [["knowledge_gap"]]
    assert handoffs(waiting, "alerted_at IS NOT NULL", "updated_customer_at") == [[True, None]]


def test_the_target_is_the_departments(scene: Scene) -> None:
    configure(scene, handoff_target_minutes=5)
    hand_over_and_die(scene)
    assert handoffs(scene, "target_at - requested_at = interval '5 minutes'") == [[True]]


@pytest.mark.parametrize("minutes", ["soon", -1, 0, 1e9, None])
def test_a_target_that_is_no_number_of_minutes_is_half_an_hour(scene: Scene, minutes: object) -> None:
    configure(scene, handoff_target_minutes=minutes)
    hand_over_and_die(scene)
    assert handoffs(scene, "target_at - requested_at = interval '30 minutes'") == [[True]]


def test_while_the_business_is_closed_nobody_is_late(waiting: Scene) -> None:
    """H-07: the waiting begins when it opens."""
    configure(waiting, handoff_target_minutes=20, **opens_in_three_days())
    waiting.execute(LATE)
    assert look(waiting) == NOTHING
    assert waiting.rows(ALERTS) == []
    assert handoffs(waiting, "alerted_at", "target_at > now() + interval '2 days'") == [[None, True]]
    assert handoffs(waiting, "to_char(target_at AT TIME ZONE 'America/Sao_Paulo', 'HH24:MI')") == [["09:20"]]


def test_then_the_customer_is_told_the_truth_once(waiting: Scene) -> None:
    """H-07: through message_delivery, within the window."""
    waiting.execute(LATE)
    look(waiting)
    assert look(waiting) == NOTHING, "people get five minutes"
    waiting.execute(ALERTED)
    assert look(waiting) == NOTHING | {"updated": 1}
    assert look(waiting) == NOTHING
    assert swept(waiting)["reasons"] == {"undelivered": 1}
    assert delivered(waiting) == [NOBODY_YET]
    assert delivered(waiting) == []


@pytest.mark.parametrize(
    "obstacle",
    [
        "UPDATE platform.conversations SET last_inbound_at = now() - interval '25 hours'",
        "UPDATE platform.conversations SET window_closed_at = now()",
        "UPDATE platform.conversations SET opted_out_at = now()",
    ],
)
def test_nothing_is_said_outside_of_the_window_or_to_who_wants_nothing(waiting: Scene, obstacle: str) -> None:
    waiting.execute(LATE)
    look(waiting)
    waiting.execute(ALERTED)
    waiting.execute(obstacle)
    assert look(waiting) == NOTHING


@pytest.mark.parametrize("how", ["claims", "writes", "gives back"])
def test_an_update_that_is_no_longer_true_does_not_leave(waiting: Scene, how: str) -> None:
    """H-07: somebody came between the decision and the sending."""
    waiting.execute(LATE)
    look(waiting)
    waiting.execute(ALERTED)
    look(waiting)
    if how == "claims":
        [[handoff_id]] = handoffs(waiting, "id")
        claim_handoff(waiting.application, organization_id=waiting.organization_id, handoff_id=handoff_id, user_id=None)
    elif how == "writes":
        writes(waiting, "Oi, aqui é a Ana")
    else:
        give_back(waiting)
    assert delivered(waiting) == (["Oi, aqui é a Ana"] if how == "writes" else [])
    assert waiting.rows("SELECT state, cancel_reason FROM platform.outbox WHERE kind = 'update'") == [
        ["cancelled", "human_active"]
    ]


def test_whoever_is_claimed_is_nobodys_alarm(waiting: Scene) -> None:
    [[handoff_id]] = handoffs(waiting, "id")
    claim_handoff(
        waiting.application,
        organization_id=waiting.organization_id,
        handoff_id=handoff_id,
        user_id=make_user(waiting),
    )
    waiting.execute(LATE)
    assert look(waiting) == NOTHING


# time gives back


def answered_an_hour_ago(scene: Scene) -> None:
    writes(scene, "Fazemos sim!")
    delivered(scene)
    scene.execute(LONG_AGO)
    scene.execute("UPDATE platform.handoffs SET claimed_at = claimed_at - interval '1 hour'")


def test_what_people_left_alone_goes_back_to_the_ai_when_the_department_wants_it(waiting: Scene) -> None:
    """H-03: off without the setting; then after so many minutes without a sign of a person."""
    answered_an_hour_ago(waiting)
    waiting.says("e entregam?")
    assert look(waiting) == NOTHING
    configure(waiting, handoff_return_minutes=30)
    assert look(waiting) == NOTHING | {"returned": 1}
    assert handoffs(waiting, "state") == [["returned"]]
    sender = ScriptedSender()
    run(waiting, sender=sender)
    assert sender.texts == ["re:2-2"]
    assert look(waiting) == NOTHING


def test_a_sign_of_a_person_begins_the_time_again(waiting: Scene) -> None:
    configure(waiting, handoff_return_minutes=30)
    answered_an_hour_ago(waiting)
    writes(waiting, "Mais alguma coisa?")
    assert look(waiting) == NOTHING


def test_who_was_promised_a_person_waits_for_one(waiting: Scene) -> None:
    """H-03: nobody took it, so it stays in the queue, whatever time it is."""
    configure(waiting, handoff_return_minutes=30)
    waiting.execute("UPDATE platform.handoffs SET requested_at = requested_at - interval '5 hours'")
    assert look(waiting)["returned"] == 0


def test_what_is_too_old_for_a_machine_stays_with_people(waiting: Scene) -> None:
    configure(waiting, handoff_return_minutes=30)
    answered_an_hour_ago(waiting)
    waiting.says("e entregam?")
    assert look_after_handoffs(waiting.worker, max_age=0.0, grace=0.0) == NOTHING


#


def test_a_run_that_is_lost_is_closed_tried_again_and_then_a_persons(scene: Scene) -> None:
    """A-15: each lost run is a timeout in the record; after five a person has it and the customer knows."""
    scene.says("oi?")
    short = replace(TIMES, lease=0.0)
    where = {"organization_id": scene.organization_id, "conversation_id": scene.conversation_id}
    for _ in range(5):
        claim_turn(scene.application, times=short, **where)
        assert swept(scene, AT_ONCE)["reasons"] == {"lease_expired": 1}
    sender = ScriptedSender()
    assert run(scene, sender=sender).reason == "turn_attempts"
    assert sender.texts == [CALLED]
    assert scene.rows(
        "SELECT status, outcome, trigger_data ->> 'attempt', to_seq FROM departments.agent_executions"
        " ORDER BY created_at"
    ) == [["failed", "timeout", str(attempt), 1] for attempt in range(1, 6)]
    assert handoffs(scene, "reason", "state") == [["turn_attempts", "open"]]
    assert scene.conversation("automation_state", "lease_until") == ["dead", None]


def test_a_run_whose_row_was_left_running_is_closed_as_a_timeout(scene: Scene) -> None:
    """A-15: also what is no turn."""
    scene.execute(
        "INSERT INTO departments.agent_executions (organization_id, agent_id, trigger_type, status, started_at)"
        " VALUES (%s, %s, 'scheduled', 'running', now())",
        scene.organization_id,
        scene.tenant.agent_id,
    )
    assert swept(scene, replace(AT_ONCE, lease=60))["executions_closed"] == 0
    assert swept(scene)["executions_closed"] == 1
    assert scene.rows("SELECT status, outcome FROM departments.agent_executions") == [["failed", "timeout"]]
