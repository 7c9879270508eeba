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
