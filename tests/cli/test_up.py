"""`departments up`: ready when it says so, gone without a trace when it is told to end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from infra.cli.failures import CommandFailed
from infra.cli.stack_process import StackProcess
from tests.cli.command import departments
from tests.support.stack import stack_folder
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder on which the tests of this module start one stack after the other."""
    with stack_folder() as made:
        yield made


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that name the folder."""
    found = []
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and int(process.name) != os.getpid():
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(folder) in command:
                    found.append(command)
    return found


def code_in(text: str) -> str:
    return text[text.index("error [") :].partition("[")[2].partition("]")[0]


def test_it_is_alone_on_its_folder_and_port_and_ends_with_the_process_that_started_it(
    folder: Path, tmp_path: Path
) -> None:
    """The demo and the tests may be killed; their stack must not outlive them."""
    program = (
        "import sys, time; from pathlib import Path; from infra.cli.stack_process import StackProcess;"
        f"process = StackProcess(Path({str(folder)!r})); process.start();"
        "print(process.ready['gateway'], flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    gateway = parent.stdout.readline().strip()
    assert httpx.get(f"{gateway}/healthz", trust_env=False).json()["ready"] is True
    output = (folder / "up.log").read_text(encoding="utf-8")
    assert gateway in output
    assert json.loads((folder / "ready.json").read_text())["demo"]["organization_id"] in output
    second = departments("up", "--data-dir", str(folder), "--port", "0")
    port = gateway.rpartition(":")[2]
    taken = departments("up", "--data-dir", str(tmp_path), "--port", port)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert (second.code, code_in(second.err)) == (3, "stack_unusable")
    assert str(folder) in second.err
    assert (taken.code, code_in(taken.err)) == (3, "stack_unusable")
    assert f"port {port} is in use" in taken.err
    eventually(lambda: not processes_of(folder), within=30)
    assert not (folder / "ready.json").exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway}/healthz", trust_env=False)


def test_a_start_that_is_interrupted_ends_with_130_and_leaves_nothing(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.cli.app", "up", "--data-dir", str(folder / "other"), "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "PostgreSQL" not in process.stderr.readline():
        assert process.poll() is None

    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 130
    process.stderr.close()
    eventually(lambda: not processes_of(folder / "other"), within=20)


def test_a_stack_that_cannot_start_is_reported_with_its_output(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandFailed, match=f"port {port} is in use"):
            StackProcess(tmp_path, port=port).start()
