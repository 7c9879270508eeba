"""Child processes: restarted when they die, stopped as a group, and ended by the watchdog when nobody else can."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.local.processes import Child, Program, Watchdog, last_lines
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

# a parent with a child of its own; both say who they are
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


def _program(folder: Path, source: str) -> Program:
    return Program(
        name="test",
        arguments=[sys.executable, "-c", source],
        environment={},
        directory=folder,
        log=folder / "log",
        grace_seconds=2,
    )


def _family(log: Path) -> list[int]:
    return [int(pid) for line in log.read_text().splitlines() for pid in line.split()]


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - a process's own page
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except FileNotFoundError:
        return False


def test_a_stopped_child_takes_its_own_children_along(tmp_path: Path) -> None:
    async def play() -> list[int]:
        watchdog = Watchdog()
        child = Child(lambda: _program(tmp_path, FAMILY), watchdog=watchdog)
        child.start()
        await asyncio.to_thread(eventually, lambda: len(_family(tmp_path / "log")) == 2)
        await child.stop()
        watchdog.close()
        return _family(tmp_path / "log")

    pids = asyncio.run(play())
    eventually(lambda: not any(_alive(pid) for pid in pids))


def test_a_child_that_dies_is_started_again_and_its_death_is_told(tmp_path: Path) -> None:
    deaths: list[int] = []

    async def play() -> None:
        watchdog = Watchdog()
        program = _program(tmp_path, "import sys; print('born', flush=True); sys.exit(3)")
        child = Child(lambda: program, watchdog=watchdog, on_death=deaths.append)
        child.start()
        child.keep_alive()
        await asyncio.to_thread(eventually, lambda: len(deaths) >= 3)
        await child.stop()
        watchdog.close()

    asyncio.run(play())
    assert set(deaths) == {3}
    assert last_lines(tmp_path / "log").splitlines().count("born") >= 3


def test_a_child_that_ignores_its_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    source = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )

    async def play() -> None:
        watchdog = Watchdog()
        child = Child(lambda: _program(tmp_path, source), watchdog=watchdog)
        child.start()
        await asyncio.to_thread(eventually, lambda: "deaf" in (tmp_path / "log").read_text())
        await child.stop()
        assert child.pid is None
        watchdog.close()

    asyncio.run(play())


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_the_watchdog_ends_what_a_killed_parent_has_left(tmp_path: Path, *, stopped: bool) -> None:
    parent = f"""
import asyncio, pathlib, signal, sys
from tests.infra.local.test_processes import FAMILY, _program
from infra.local.processes import Child, Watchdog
child = Child(lambda: _program(pathlib.Path({str(tmp_path)!r}), FAMILY), watchdog=Watchdog())
child.start()
signal.pause()
"""
    process = subprocess.Popen([sys.executable, "-c", parent])
    try:
        eventually(lambda: (tmp_path / "log").exists() and len(_family(tmp_path / "log")) == 2)
        pids = _family(tmp_path / "log")
        if stopped:
            os.killpg(pids[0], signal.SIGSTOP)
        assert all(_alive(pid) for pid in pids)
    finally:
        process.kill()
        process.wait()
    eventually(lambda: not any(_alive(pid) for pid in pids))
