"""C-08, O-01, O-03, O-05, Q1: whatever was lost, the next sweep finds it, settles it and wakes its conversation."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from functions.work_sweep.handler import sweep
from shared.agents.turns import run_turn
from shared.channels.outbox import SendResult
from shared.conversations.wake_ups import TURN_QUEUE
from tests.functions.work_sweep.sweeping import AT_ONCE, DELIVERY_URL, PATIENT, URL, Tasks, claimed, run, swept
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    with scene_in(database) as found:
        yield found


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


def test_a_noisy_organization_cannot_delay_the_others(scene: Scene, database: Database) -> None:
    """O-03: each has its share of a sweep, and the first places are taken in turns."""
    for n in range(30):
        scene.customer = f"55119{n:08d}"
        scene.says("oi?")
    with scene_in(database) as quiet:
        quiet.says("oi?")
        tasks = Tasks()
        sweep(
            scene.worker,
            queue=tasks,
            turn_url=URL,
            delivery_url=DELIVERY_URL,
            times=replace(AT_ONCE, per_organization=5),
        )
        assert len(tasks.asked) == 6
        tasks = Tasks()
        sweep(scene.worker, queue=tasks, turn_url=URL, delivery_url=DELIVERY_URL, times=replace(AT_ONCE, in_all=2))
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
