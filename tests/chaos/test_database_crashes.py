"""The database dies in the middle of turns: what was committed holds, and what was not is done once more."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.benchmarks.database import measured_server, migrated_database
from tests.chaos.stack import Stack, stack_on
from tests.support.database import Server, start_server
from tests.support.waiting import eventually


def crash(server: Server) -> None:
    """SIGQUIT to the postmaster: every process ends at once, nothing is flushed; then it starts again and recovers."""
    data = Path(server.socket).parent
    pid_file = data / "postmaster.pid"
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    eventually(lambda: not pid_file.exists(), within=20)
    start_server(data, server.version)


def talk(stack: Stack, ending: threading.Event, *, seed: int) -> int:
    """Customers write until the end; returns how many messages."""
    chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
    written = 0
    while not ending.is_set():
        texts = ["oi", "vocês abrem?"] if chance.random() < 0.8 else ["[long] tudo sobre entregas"]
        stack.says(*texts, customer=f"5511{chance.randrange(60):09d}")
        written += len(texts)
        time.sleep(0.05)  # the customers' own pace
    return written


@pytest.mark.parametrize(
    ("seed", "crashes"), [(0, 2), *(pytest.param(seed, 5, marks=pytest.mark.chaos) for seed in range(1, 6))]
)
def test_a_database_that_crashes_costs_no_reply_and_doubles_none(tmp_path: Path, seed: int, crashes: int) -> None:
    """B2; claims and recorded sends that did not wait for the disk are among what is lost and done again."""
    with (
        measured_server() as server,
        stack_on(migrated_database(server, "crashes"), tmp_path, seed=seed) as stack,
    ):
        stack.scene.patience = 60.0
        for _ in range(2):
            stack.fork()
        stack.begin_sweeping()
        ending = threading.Event()

        def crash_again_and_again() -> None:
            for _ in range(crashes):
                time.sleep(1.5)
                crash(server)
            time.sleep(0.5)
            ending.set()

        crashing = threading.Thread(target=crash_again_and_again)
        crashing.start()
        written = talk(stack, ending, seed=seed)
        crashing.join()
        verdict = stack.finish(within=60, crashes=crashes)
    assert verdict.broken == {}
    assert verdict.counts["messages"] == written
