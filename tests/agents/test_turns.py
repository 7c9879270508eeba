"""A-01, A-02, A-03, A-04, A-14, C-08: a run does what is due for a conversation, once, and says when to come back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from shared.agents.responder import Answer, CallUsage, Turn
from shared.kit.errors import Unavailable
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender, accepted
from tests.support.conversations import TIMES, Scene
from tests.support.prices import CENT, cent_price, cents

if TYPE_CHECKING:
    from shared.agents.turns import TurnReport
    from shared.channels.outbox import Delivery, SendResult


# seen from a connection of the same role, which is not counted itself
OPEN_TRANSACTIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'application'"
    " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
)


def test_a_burst_is_one_turn_and_one_reply(scene: Scene) -> None:
    scene.says("oi", "vocês abrem domingo?", "e entregam?")
    sender = ScriptedSender()
    report = run(scene, sender=sender)
    assert (report.result, report.accepted, report.next_at) == ("answered", 1, None)
    assert sender.texts == ["re:1-3"]
    assert scene.conversation("done_seq", "last_in_seq", "run_at", "lease_until", "turn_attempts") == [
        3,
        3,
        None,
        None,
        0,
    ]
    assert scene.rows("SELECT state, attempt, turn_seq, from_seq, known_seq FROM platform.outbox") == [
        ["accepted", 1, 3, 1, 3]
    ]


def test_the_same_task_again_finds_nothing_to_do(scene: Scene) -> None:
    scene.says("oi?")
    sender = ScriptedSender()
    run(scene, sender=sender)
    again = run(scene, sender=sender)
    assert (again.result, again.reason) == ("idle", "nothing_pending")
    assert len(sender.sent) == 1


def test_twenty_workers_at_once_make_one_reply(scene: Scene) -> None:
    """A-02, Q2: one claim wins, the others have nothing to do."""
    scene.says("oi?")
    conversation_id = scene.conversation_id
    responder, sender = ScriptedResponder(), ScriptedSender()
    start = threading.Barrier(20)
    reports: list[TurnReport] = []

    def work() -> None:
        start.wait()
        while True:
            try:
                reports.append(run(scene, responder=responder, sender=sender, conversation_id=conversation_id))
            except Unavailable:
                continue  # the pool is smaller than twenty: the queue would bring the task again
            return

    workers = [threading.Thread(target=work) for _ in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(responder.turns) == 1
    assert sender.texts == ["re:1-1"]
    assert sum(report.accepted for report in reports) == 1


def test_before_the_quiet_time_is_over_the_turn_waits(scene: Scene) -> None:
    """A-01: nothing sleeps in a function; the run says when to come back."""
    scene.rules = type(scene.rules)(quiet_seconds=5.0, ceiling_seconds=8.0, reply_max_age_seconds=43200.0)
    scene.says("oi")
    report = run(scene)
    assert report.result == "waiting"
    assert report.next_at is not None
    assert timedelta(seconds=3) < report.next_at - datetime.now(UTC) <= timedelta(seconds=5)


def test_a_run_needs_at_most_five_round_trips(scene: Scene) -> None:
    """Claim, commit, look before sending, record the send: four; retrieval is the responder's own."""
    scene.says("oi?")
    conversation_id = scene.conversation_id
    run(scene, conversation_id=conversation_id)
    scene.says("e agora?")
    before = scene.application.round_trips
    report = run(scene, conversation_id=conversation_id)
    assert report.result == "answered"
    assert scene.application.round_trips - before == 4


def test_no_transaction_is_open_while_the_responder_or_the_provider_works(scene: Scene) -> None:
    """A-04: asked of the server itself, from inside both calls."""
    scene.says("oi?")
    open_transactions: list[int] = []

    def look() -> None:
        open_transactions.append(scene.value(OPEN_TRANSACTIONS))

    def answer(turn: Turn) -> Answer:
        look()
        turn.calls.start(model="test:free", most=CallUsage(input_tokens=1))
        look()
        return Answer(text="sim")

    def send(_: Delivery) -> SendResult:
        look()
        return accepted()

    run(scene, responder=ScriptedResponder(answer), sender=ScriptedSender(send))
    assert open_transactions == [0, 0, 0]


def test_the_look_for_open_transactions_would_see_one(scene: Scene) -> None:
    """The negative control of the test above."""
    with scene.application.tenant(scene.organization_id) as session:
        session.exec_driver_sql("SELECT 1")
        assert scene.value(OPEN_TRANSACTIONS) == 1


def test_a_message_that_arrives_during_the_turn_is_answered_together_with_it(scene: Scene) -> None:
    """Supersede: nothing was sent and the burst is young, so the answer is discarded; its cost is kept."""
    times = type(TIMES)(quiet=0.0, ceiling=60.0, lease=30.0, timeout=20.0)
    scene.rules = type(scene.rules)(quiet_seconds=0.0, ceiling_seconds=60.0, reply_max_age_seconds=43200.0)
    cent_price(scene)
    scene.says("vocês abrem")

    def answer(turn: Turn) -> Answer:
        if turn.claimed.to_seq == 1:
            scene.says("no domingo?")
        turn.calls.finish(turn.calls.start(model=CENT, most=cents(2)), usage=cents(1))
        return Answer(text=f"re:{turn.claimed.from_seq}-{turn.claimed.to_seq}")

    sender = ScriptedSender()
    report = run(scene, responder=ScriptedResponder(answer), sender=sender, times=times)
    assert report.result == "answered"
    assert sender.texts == ["re:1-2"]
    assert scene.rows(
        "SELECT status, outcome, from_seq, to_seq, cost_usd FROM departments.agent_executions ORDER BY created_at"
    ) == [
        ["superseded", "newer_message", 1, 1, Decimal("0.01")],
        ["completed", "answered", 1, 2, Decimal("0.01")],
    ]


def test_beyond_the_ceiling_the_answer_is_sent_and_the_newer_message_is_the_next_turn(scene: Scene) -> None:
    scene.says("um")
    answered = ScriptedResponder()

    def answer(turn: Turn) -> Answer:
        if turn.claimed.to_seq == 1:
            scene.says("dois")
        return Answer(text=f"re:{turn.claimed.from_seq}-{turn.claimed.to_seq}")

    answered.script = answer
    sender = ScriptedSender()
    run(scene, responder=answered, sender=sender)
    assert sender.texts == ["re:1-1", "re:2-2"]
    assert scene.conversation("done_seq") == 2
