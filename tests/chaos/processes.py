"""The processes of a soak: the provider, the function host and the workers it forks, killed and stopped at will."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests.support.waiting import eventually

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Worker:
    """One forked process that serves the function."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """Where tasks are posted."""
        return f"http://127.0.0.1:{self.port}/"

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal; a worker that is dead already is left in peace."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    @property
    def state(self) -> str:
        """The kernel's letter: R, S running, T stopped; X when it is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return "X"

    def wait_for(self, state: str, *, within: float = 20.0) -> None:
        """Waits until the kernel says so."""
        eventually(lambda: self.state == state, within=within, interval=0.01)


class Host:
    """Loads a function once and forks workers of it; a context manager."""

    def __init__(self, source: str, environment: Mapping[str, str], *, log: Path) -> None:
        read_fd, write_fd = os.pipe()
        self._log = log.open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.host", str(_ROOT / source), str(write_fd)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), **environment},
            pass_fds=(write_fd,),
            cwd=_ROOT,
            text=True,
        )
        os.close(write_fd)
        self._replies: IO[str] = os.fdopen(read_fd)
        self._forking = threading.Lock()
        if self._replies.readline() != "loaded\n":
            self.close()
            raise AssertionError(f"the host did not start: {log.read_text()[-3000:]}")

    def fork(self, **environment: str) -> Worker:
        """A new worker with these environment variables besides the host's."""
        with self._forking:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(environment) + "\n")
            self._process.stdin.flush()
            return Worker(**json.loads(self._replies.readline()))

    def close(self) -> None:
        """Ends the host and all of its workers."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is dead already
            self._process.stdin.close()
        self._process.wait(timeout=10)
        self._replies.close()
        self._log.close()


class Provider:
    """The process of tests.chaos.provider."""

    def __init__(
        self, *, seed: int, log: Path, certificates: Path, status_url: str, faults: Mapping[str, float]
    ) -> None:
        arguments = [
            str(seed),
            str(log),
            str(certificates),
            status_url,
            *(f"{n}={share}" for n, share in faults.items()),
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.provider", *arguments],
            stdin=subprocess.PIPE,  # its end is the provider's: no process outlives the test
            stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT)},
            cwd=_ROOT,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
