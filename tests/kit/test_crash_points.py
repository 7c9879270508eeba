from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
from shared.kit.crash_points import crash_point
for number in range(3):
    crash_point("other")
    print(number, flush=True)
    crash_point("K4")
print("end", flush=True)
"""


def _run(**variables: str) -> tuple[int, list[str]]:
    done = subprocess.run(  # noqa: PLW1510 - the exit code is what is looked at
        [sys.executable, "-c", PROGRAM], env={**os.environ, **variables}, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout.split()


def test_without_the_variable_nothing_happens() -> None:
    assert _run() == (0, ["0", "1", "2", "end"])
    assert _run(CRASH_POINT="K5") == (0, ["0", "1", "2", "end"])


def test_the_process_is_killed_at_the_named_point() -> None:
    assert _run(CRASH_POINT="K4") == (-signal.SIGKILL, ["0"])


def test_the_process_is_killed_at_the_wanted_pass() -> None:
    assert _run(CRASH_POINT="K4", CRASH_HIT="3") == (-signal.SIGKILL, ["0", "1", "2"])


def test_with_a_file_it_fires_once(tmp_path: Path) -> None:
    once = tmp_path / "fired"
    assert _run(CRASH_POINT="K4", CRASH_ONCE_FILE=str(once)) == (-signal.SIGKILL, ["0"])
    assert once.exists()
    assert _run(CRASH_POINT="K4", CRASH_ONCE_FILE=str(once)) == (0, ["0", "1", "2", "end"])


def test_the_process_can_be_stopped_and_goes_on_later() -> None:
    environment = {**os.environ, "CRASH_POINT": "K4", "CRASH_SIGNAL": "STOP"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:

        def stopped() -> bool:
            return os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG)[0] == process.pid

        eventually(stopped, within=30)
        process.send_signal(signal.SIGCONT)
        assert process.communicate(timeout=30)[0].split() == ["0", "1", "2", "end"]


# Forks processes whose main thread sleeps while another meets the stop, and prints how many of those took a step more.
BESIDE_A_SLEEPING_THREAD = """
import mmap, os, signal, sys, threading
from shared.kit.crash_points import crash_point

def stop():
    if sys.argv[1] == "point":
        crash_point("K5")
    else:
        os.kill(os.getpid(), signal.SIGSTOP)

def meet(seen):
    stop()
    seen[0] = 1

went_on = 0
for _ in range(100):
    seen = mmap.mmap(-1, 1)
    child = os.fork()
    if child == 0:
        threading.Thread(target=meet, args=(seen,)).start()
        while True:
            threading.Event().wait(0.001)
    os.waitpid(child, os.WUNTRACED)
    went_on += seen[0]
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(went_on)
"""


def _went_on_after(how: str) -> int:
    environment = {**os.environ, "CRASH_POINT": "K5", "CRASH_SIGNAL": "STOP"}
    program = [sys.executable, "-c", BESIDE_A_SLEEPING_THREAD, how]
    return int(subprocess.run(program, env=environment, capture_output=True, timeout=60, check=True).stdout)


def test_a_stopped_thread_takes_no_further_step() -> None:
    assert _went_on_after("point") == 0


def test_a_signal_to_the_process_would_let_it_go_on() -> None:
    """The control: a worker that was stopped like this before a send sometimes had passed the guard of the send."""
    assert _went_on_after("process") > 0
