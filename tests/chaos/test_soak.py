"""Random kills and stops, lost and doubled tasks, dropped answers; and the naive way, which must fail the same."""

from __future__ import annotations

import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.chaos.stack import STOPPED, Stack, stack_on

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.processes import Worker
    from tests.support.database import Database

# Shares of what the provider does and of what the queue does with tasks.
FAULTS = {"answer_dropped": 0.05, "error_500": 0.02, "refused": 0.02}
DUPLICATED, DROPPED = 0.10, 0.05
WORKERS = 4


class Reaper:
    """Kills a worker (85 %) or stops it for longer than its lease (15 %), again and again; a dead one is replaced."""

    def __init__(self, stack: Stack, *, seed: int) -> None:
        self.kills = 0
        self.stops = 0
        self._stack = stack
        self._chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
        self._workers: list[Worker] = [self._warm_worker() for _ in range(WORKERS)]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._reap)
        self._thread.start()

    def close(self) -> None:
        """Leaves the workers in peace."""
        self._ending.set()
        self._thread.join()

    def _warm_worker(self) -> Worker:
        worker = self._stack.host.fork()
        self._stack.driver.warm(worker.url)
        self._stack.driver.workers.append(worker.url)
        return worker

    def _reap(self) -> None:
        while not self._ending.wait(self._chance.uniform(0.05, 0.3)):
            worker = self._chance.choice(self._workers)
            if self._chance.random() < 0.15:
                self.stops += 1
                worker.signal(signal.SIGSTOP)
                threading.Timer(STOPPED, worker.signal, [signal.SIGCONT]).start()
                continue
            self.kills += 1
            self._stack.driver.workers.remove(worker.url)
            worker.signal(signal.SIGKILL)
            self._workers.remove(worker)
            self._workers.append(self._warm_worker())


def talk(stack: Stack, reaper: Reaper, *, customers: int, kills: int, seed: int) -> int:
    """Customers write bursts until so many workers have died; returns how many messages they wrote."""
    chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
    written = 0
    while reaper.kills < kills:
        texts = [f"pergunta {n}?" for n in range(chance.randint(1, 3))]
        if chance.random() < 0.2:
            texts.append("[long] e tudo sobre entregas")
        stack.says(*texts, customer=f"5511{chance.randrange(customers):09d}")
        written += len(texts)
        time.sleep(chance.uniform(0.0, 0.1))  # the customers' own pace
    return written


@pytest.mark.parametrize(
    ("seed", "customers", "kills"),
    [(0, 30, 6), *(pytest.param(seed, 100, 30, marks=pytest.mark.chaos) for seed in range(1, 15))],
)
def test_nothing_is_lost_doubled_or_out_of_order_whoever_dies(
    database: Database, tmp_path: Path, seed: int, customers: int, kills: int
) -> None:
    """C-08, Q3: every message is answered once, in order, and every model call is in the ledger."""
    with stack_on(database, tmp_path, seed=seed, faults=FAULTS) as stack:
        stack.driver.duplicate_share, stack.driver.drop_share = DUPLICATED, DROPPED
        stack.begin_sweeping()
        reaper = Reaper(stack, seed=seed)
        try:
            written = talk(stack, reaper, customers=customers, kills=kills, seed=seed)
        finally:
            reaper.close()
        verdict = stack.finish(within=120, kills=reaper.kills, stops=reaper.stops)
    assert verdict.broken == {}
    assert verdict.counts["messages"] == written
    assert verdict.counts["turns"] > customers / 3


def test_the_naive_way_fails_the_same_soak(database: Database, tmp_path: Path) -> None:
    """The negative control: pending → processing → send → processed, taken up again at once."""
    with stack_on(database, tmp_path, seed=5, faults=FAULTS, source="tests/chaos/naive_worker/main.py") as stack:
        _make_naive_table(database)
        stack.driver.duplicate_share = DUPLICATED
        reaper = Reaper(stack, seed=5)
        try:
            talk(stack, reaper, customers=30, kills=4, seed=5)
        finally:
            reaper.close()
        verdict = stack.finish(naive=True, within=10, kills=reaper.kills, stops=reaper.stops)
    assert "every message is answered once" in verdict.broken
    assert any(int(times) > 1 for _, _, times in verdict.broken["every message is answered once"])


def _make_naive_table(database: Database) -> None:
    connection = database.superuser()
    cursor = connection.cursor()
    cursor.execute("CREATE SCHEMA chaos")
    cursor.execute("CREATE TABLE chaos.naive_states (message_id uuid PRIMARY KEY, state text NOT NULL)")
    cursor.execute("GRANT USAGE ON SCHEMA chaos TO application_role")
    cursor.execute("GRANT SELECT, INSERT, UPDATE ON chaos.naive_states TO application_role")
    connection.close()


def test_twenty_deliveries_of_one_task_at_once_make_one_reply(database: Database, tmp_path: Path) -> None:
    """Q2, A-02: over HTTP, to two worker processes."""
    with stack_on(database, tmp_path, seed=20) as stack:
        workers = [stack.fork(), stack.fork()]
        for worker in workers:
            stack.driver.warm(worker.url)
        stack.driver.drop_share = 1.0  # the tasks below are all there are
        customer = stack.says("oi", "vocês abrem?")
        time.sleep(0.1)  # the quiet time of the burst
        conversation_id = stack.scene.conversation_id

        def deliver(n: int) -> None:
            stack.driver.post(
                workers[n % 2].url, organization_id=stack.scene.organization_id, conversation_id=conversation_id
            )

        with ThreadPoolExecutor(max_workers=20) as senders:
            list(senders.map(deliver, range(20)))
        assert stack.is_done(customer)
        verdict = stack.finish()
    assert verdict.broken == {}
    assert (verdict.counts["accepted"], verdict.counts["invoiced"], verdict.counts["turns"]) == (1, 1, 1)
