"""C-08, O-01, O-03, O-05, Q1: whatever was lost, the next sweep finds it, settles it and wakes its conversation."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.work_sweep.handler import sweep
from shared.agents.turns import run_turn
from shared.channels.outbox import SendResult
from shared.conversations.models import ClaimedTurn
from shared.conversations.queries import claim_turn, start_call
from shared.conversations.repair import SweepTimes
from shared.conversations.wake_ups import TURN_QUEUE
from shared.kit.errors import Unavailable
from shared.kit.ids import new_id
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.support.database import Database

AT_ONCE = SweepTimes(sending_limit=0, uncertain=0, lease=0, grace=0)
PATIENT = SweepTimes()
URL = "https://run.test/agent_execution"


@dataclass
class Tasks:
    """A queue that keeps what it is asked for; it may be away, or look around first."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        if self.away:
            raise Unavailable("the queue is away")
        self.asked.append({"queue": queue, "url": url, "at": at, "name": name, **payload})

    @property
    def conversations(self) -> list[str]:
        return [task["conversation_id"] for task in self.asked]


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    with scene_in(database) as found:
        yield found


def swept(scene: Scene, times: SweepTimes = AT_ONCE, tasks: Tasks | None = None) -> dict[str, Any]:
    return sweep(scene.worker, queue=tasks or Tasks(), turn_url=URL, times=times)


def run(scene: Scene, sender: ScriptedSender | None = None) -> str:
    report = run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=ScriptedResponder(),
        sender=sender or ScriptedSender(),
        times=TIMES,
    )
    return report.result


def claimed(scene: Scene, lease: float = 30.0) -> ClaimedTurn:
    found = claim_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        times=replace(TIMES, lease=lease),
    )
    assert isinstance(found, ClaimedTurn)
    return found


def test_a_message_whose_task_was_lost_is_woken(scene: Scene) -> None:
    """Q1: the enqueue failed, or the queue dropped the task."""
    scene.says("oi?")
    tasks = Tasks()
    counts = swept(scene, tasks=tasks)
    assert (counts["woken"], counts["reasons"]) == (1, {"due": 1})
    assert tasks.asked == [
        {
            "queue": TURN_QUEUE,
            "url": URL,
            "at": None,
            "name": None,
            "organization_id": str(scene.organization_id),
            "conversation_id": str(scene.conversation_id),
        }
    ]


def test_what_has_just_become_due_is_left_to_its_own_task(scene: Scene) -> None:
    scene.says("oi?")
    assert swept(scene, PATIENT)["found"] == 0


def test_a_leased_conversation_is_left_alone_until_its_lease_ends(scene: Scene) -> None:
    scene.says("oi?")
    claimed(scene)
    assert swept(scene)["found"] == 0
    scene.execute("UPDATE platform.conversations SET lease_until = now() - interval '1 second'")
    assert swept(scene)["reasons"] == {"lease_expired": 1}


def test_a_conversation_that_waits_for_a_status_is_not_woken_in_vain(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, ScriptedSender(lambda _: SendResult(outcome="uncertain")))
    scene.says("alô?")
    assert swept(scene, replace(AT_ONCE, uncertain=60.0))["found"] == 0


def test_a_persons_conversation_is_not_woken(scene: Scene) -> None:
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET automation_state = 'human'")
    assert swept(scene)["found"] == 0


def test_an_unsent_reply_is_woken(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, ScriptedSender(lambda _: SendResult(outcome="retry", retry_seconds=0.0, error_code="131000")))
    assert swept(scene)["reasons"] == {"unsent": 1}
    sender = ScriptedSender()
    run(scene, sender)
    assert sender.texts == ["re:1-1"]


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
    turn = claimed(scene)
    for attempt, cost in ((1, Decimal("0.05")), (2, None)):
        start_call(
            scene.application,
            claimed=turn,
            execution_id=new_id(),
            attempt_id=new_id(),
            attempt=attempt,
            model="m",
            reserved_cost_usd=cost,
        )
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


def test_a_noisy_organization_cannot_delay_the_others(scene: Scene, database: Database) -> None:
    """O-03: each has its share of a sweep, and the first places are taken in turns."""
    for n in range(30):
        scene.customer = f"55119{n:08d}"
        scene.says("oi?")
    with scene_in(database) as quiet:
        quiet.says("oi?")
        tasks = Tasks()
        sweep(scene.worker, queue=tasks, turn_url=URL, times=replace(AT_ONCE, per_organization=5))
        assert len(tasks.asked) == 6
        tasks = Tasks()
        sweep(scene.worker, queue=tasks, turn_url=URL, times=replace(AT_ONCE, in_all=2))
        assert str(quiet.conversation_id) in tasks.conversations


def test_two_sweeps_at_once_do_the_work_once(scene: Scene) -> None:
    """Q7: the second finds the lock taken."""
    scene.says("oi?")
    with scene.worker.system() as session:
        session.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended('work_sweep', 0))")
        assert swept(scene) == {"skipped": "another sweep is running"}
    assert swept(scene)["woken"] == 1


def test_the_queue_is_called_outside_of_any_transaction(scene: Scene) -> None:
    """A-04."""
    scene.says("oi?")
    seen: list[int] = []

    class Looking(Tasks):
        def wake(self, *_: object, **__: object) -> None:
            with contextlib.closing(scene.clone.connect("worker")) as connection:
                cursor = connection.cursor()
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND usename = 'worker' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
                )
                seen.append(cursor.fetchone()[0])

    swept(scene, tasks=Looking())
    assert seen == [0]


def test_a_queue_that_is_away_does_not_undo_the_sweep(scene: Scene) -> None:
    scene.says("oi?")
    counts = swept(scene, tasks=Tasks(away=True))
    assert (counts["found"], counts["woken"]) == (1, 0)
    assert swept(scene)["woken"] == 1


def test_a_row_that_is_older_than_its_state_allows_is_an_alarm(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, ScriptedSender(lambda _: SendResult(outcome="uncertain")))
    scene.execute("UPDATE platform.outbox SET uncertain_at = now() - interval '1 hour'")
    counts = swept(scene, replace(PATIENT, uncertain=7200.0))
    assert counts["overdue"] == {"platform.outbox.state=uncertain": 1}


def test_sweeps_and_workers_do_not_get_in_each_others_way(scene: Scene) -> None:
    """Ten conversations, four workers and a sweep that settles everything at once: each is answered once."""
    conversations = {}
    for n in range(10):
        scene.customer = f"55118{n:08d}"
        scene.says("oi?")
        conversations[scene.customer] = scene.conversation_id
    sender = ScriptedSender()
    stop = threading.Event()

    def keep_sweeping() -> None:
        while not stop.is_set():
            swept(scene, replace(AT_ONCE, sending_limit=30, uncertain=30, lease=30))

    def work() -> None:
        for conversation_id in conversations.values():
            run_turn(
                scene.application,
                organization_id=scene.organization_id,
                conversation_id=conversation_id,
                responder=ScriptedResponder(),
                sender=sender,
                times=TIMES,
            )

    sweeper = threading.Thread(target=keep_sweeping)
    workers = [threading.Thread(target=work) for _ in range(4)]
    for thread in (sweeper, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    stop.set()
    sweeper.join()
    assert sorted(delivery.recipient for delivery in sender.sent) == sorted(conversations)


def test_a_conversation_is_found_although_thousands_of_others_are_done(scene: Scene) -> None:
    """The sweep reads what is pending, not what is stored."""
    scene.execute(
        "INSERT INTO platform.conversations (organization_id, connection_id, channel, customer_external_id)"
        " SELECT %s, %s, 'whatsapp', 'done' || n FROM generate_series(1, 3000) n",
        scene.organization_id,
        scene.tenant.connection_id,
    )
    scene.customer = str(uuid4().int % 10**12)
    scene.says("oi?")
    tasks = Tasks()
    swept(scene, tasks=tasks)
    assert tasks.conversations == [str(scene.conversation_id)]


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
