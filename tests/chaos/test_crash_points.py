"""K1 to K10: killed, or stopped for longer than its lease, at each point: one reply, in order, nothing lost."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from tests.chaos.stack import STOPPED, Stack, stack_on
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chaos.processes import Worker
    from tests.support.database import Database

POINTS = ["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K10"]
# K9 is a zombie: it resumes only after another worker has finished its conversation.
ZOMBIES = ["K3", "K5"]


def play(stack: Stack, point: str, how: str, *, until_finished: bool) -> None:
    """One customer, one victim: it meets its crash point in the customer's turn, and the others must make it good."""
    victim = stack.fork_victim(point, how)
    customer = stack.says("oi", "vocês abrem?", "[long] e entregam?", first_worker=victim)
    victim.wait_for("X" if how == "KILL" else "T", within=60)
    stack.release(customer)
    if how == "STOP":
        _keep_stopped(stack, victim, customer, until_finished=until_finished)
    eventually(lambda: stack.is_done(customer), within=40)


def _keep_stopped(stack: Stack, victim: Worker, customer: str, *, until_finished: bool) -> None:
    """Longer than the lease; as a zombie until nothing is left for it to do. Then it may try what it can."""
    if until_finished:
        eventually(lambda: stack.is_done(customer), within=40)
    else:
        threading.Event().wait(STOPPED)
    victim.signal(signal.SIGCONT)
    threading.Event().wait(1.0)  # its time to do harm; nothing tells from outside that it has none in mind
    eventually(lambda: stack.is_done(customer), within=40)
    victim.signal(signal.SIGKILL)


def run_cases(stack: Stack, cases: list[tuple[str, str, bool]], *, at_once: int) -> list[str]:
    """Plays all cases, several at a time; returns those that failed with their reasons."""
    failures: list[str] = []
    waiting = iter(list(cases))
    taking = threading.Lock()

    def work() -> None:
        while True:
            with taking:
                case = next(waiting, None)
            if case is None:
                return
            point, how, until_finished = case
            try:
                play(stack, point, how, until_finished=until_finished)
            except AssertionError as failure:
                failures.append(f"{point} {how}: {failure}")

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def all_cases(runs: int) -> list[tuple[str, str, bool]]:
    """Every point, killed and stopped, and the zombies."""
    plain = [(point, how, False) for point in POINTS for how in ("KILL", "STOP")]
    return [*plain, *((point, "STOP", True) for point in ZOMBIES)] * runs


# Where the provider's word comes as an echo: killed where a send may have happened or not, and between two parts.
ECHOED: list[tuple[str, str, bool]] = [
    ("K5", "KILL", False),
    ("K6", "KILL", False),
    ("K7", "KILL", False),
    ("K10", "KILL", False),
    ("K10", "STOP", False),
    ("K5", "STOP", True),
]


# These in every test run; all points a hundred times in `make chaos`, with 160 messages in a piece: an account of
# Instagram may send 200 in an hour.
@pytest.mark.parametrize("channel", ["instagram", "messenger"])
@pytest.mark.parametrize(
    ("seed", "runs"), [(0, 0), *(pytest.param(seed, 4, marks=pytest.mark.chaos) for seed in range(1, 26))]
)
def test_the_same_holds_where_echoes_take_the_place_of_statuses(
    database: Database, tmp_path: Path, channel: str, seed: int, runs: int
) -> None:
    """C-18, C-19, K1 to K10: Instagram and Messenger, with replies in two parts."""
    cases = all_cases(runs) if runs else ECHOED
    with stack_on(database, tmp_path, seed=seed, channel=channel) as stack:
        stack.fork()
        stack.fork()
        stack.begin_sweeping()
        failures = run_cases(stack, cases, at_once=12)
        verdict = stack.finish()
    assert failures == []
    assert verdict.broken == {}
    assert verdict.counts["messages"] == 3 * len(cases)


# Each point once, killed and stopped, in every test run; a hundred times in `make chaos`, in pieces that take a minute.
@pytest.mark.parametrize(
    ("seed", "runs"), [(0, 1), *(pytest.param(seed, 5, marks=pytest.mark.chaos) for seed in range(1, 21))]
)
def test_a_worker_that_dies_or_stops_anywhere_costs_no_reply_and_doubles_none(
    database: Database, tmp_path: Path, seed: int, runs: int
) -> None:
    """A-02, C-08, K1 to K10."""
    with stack_on(database, tmp_path, seed=seed) as stack:
        stack.fork()
        stack.fork()
        stack.begin_sweeping()
        failures = run_cases(stack, all_cases(runs), at_once=20)
        verdict = stack.finish()
    assert failures == []
    assert verdict.broken == {}
    assert verdict.counts["messages"] == 3 * len(all_cases(runs))
