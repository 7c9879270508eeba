"""A local stack as a process of its own, started by `departments up`: for the demo and for tests.

It ends with the process that started it, however that one ends: the stack stops when its standard input does.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.cli.refusals import refused

START_SECONDS = 90.0  # a first start makes a database; far above what a slow machine takes
STOP_SECONDS = 30.0


class StackProcess:
    """One `departments up` on a folder; a context manager that stops it at the end."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Name the folder; nothing is started yet.

        Args:
            data_dir: the stack's folder.
            port: of the gateway; 0 takes a free one.
            log: where its output goes; default `up.log` in the folder.
            environment: variables beside those of this process.
        """
        self.data_dir = data_dir
        self.ready_file = data_dir / "ready.json"
        self.log = log or data_dir / "up.log"
        self._port = port
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}

    def start(self, *, while_waiting: Callable[[], None] = lambda: None) -> None:
        """Start it and wait until it is ready.

        Raises:
            CommandFailed: it ended, or was not ready in time; the message ends with its output.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "infra.cli.app", "up", "--data-dir", str(self.data_dir)]
        command += ["--port", str(self._port), "--ready-file", str(self.ready_file), "--until-input-ends"]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **self._environment},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        give_up = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            if self._process.poll() is not None:
                self.stop()
                raise refused("stack_unusable", reason=self._last_lines("the local stack ended"))
            if time.monotonic() > give_up:
                self.stop()
                raise refused("stack_unusable", reason=self._last_lines(f"not ready within {START_SECONDS:.0f} s"))
            while_waiting()
            time.sleep(0.02)
        self.ready = json.loads(self.ready_file.read_text(encoding="utf-8"))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, wait, and return its exit code; it is killed when it does not end."""
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()
            self._process = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def _last_lines(self, reason: str) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        return "\n".join([f"{reason}; its output {self.log} ends:", *lines])
