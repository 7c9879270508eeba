"""Runs the command as a person or a program does: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

SECONDS = 120
_KEPT = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT")


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


def departments(*arguments: str, environment: dict[str, str] | None = None, given: str | None = None) -> Ended:
    """Run `departments` with these arguments; only the environment that is given, and what a process needs, is set.

    `given` becomes its standard input.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli.app", *arguments],
        env={**kept, **(environment or {})},
        input=given,
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
