"""Runs the command as a person or a program does: a process, its output, its exit code."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SECONDS = 120
_KEPT = ("PATH", "HOME", "TMPDIR")


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed for programs; nothing else may be on standard output."""
        return json.loads(self.out)


def departments(*arguments: str, environment: dict[str, str] | None = None, given: str = "") -> Ended:
    """Run `departments` in a process of its own, forked from one that has imported the libraries.

    Only the environment that is given, and what a process needs, is set. `given` is its standard input.
    """
    with TemporaryDirectory(prefix="departments-command-") as name:
        folder = Path(name)
        (folder / "in").write_text(given, encoding="utf-8")
        code = _fork({"arguments": arguments, "environment": _environment(environment), "folder": name})
        return Ended(code, (folder / "out").read_text(encoding="utf-8"), (folder / "err").read_text(encoding="utf-8"))


def departments_from_scratch(*arguments: str, environment: dict[str, str] | None = None) -> Ended:
    """Run `departments` as the shell does."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli.app", *arguments],
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def error_of(ended: Ended) -> tuple[str, str, str]:
    """Return the code, the message and the next step of a failure; a failure is these lines and nothing on stdout."""
    assert ended.out == ""
    first, _, rest = ended.err.strip().partition(": ")
    assert first.startswith(("error [", "erro [")), ended.err
    message, _, next_step = rest.partition("\nnext:  ")
    return first.partition("[")[2].rstrip("]"), message, next_step


def _environment(given: dict[str, str] | None) -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | (given or {})


def _fork(request: dict[str, Any]) -> int:
    zygote = _zygote()
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    zygote.stdin.write(json.dumps(request) + "\n")
    zygote.stdin.flush()
    answer = zygote.stdout.readline()
    assert answer, "the process that forks the commands has ended"
    return int(answer)


@cache
def _zygote() -> subprocess.Popen[str]:
    """The process to fork from, one for the whole test run."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.zygote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def end() -> None:
        process.communicate()

    atexit.register(end)
    return process
