"""Child processes of the stack: started in groups of their own, restarted when they die, and never left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_SECONDS = 0.03
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
_HEALTHY_SECONDS = 10.0  # a process that lived this long begins again with the shortest pause
_LOG_KEPT_BYTES = 10_000_000


class Watchdog:
    """A process that ends the children when this one is gone without having stopped them (see watchdog.py)."""

    def __init__(self) -> None:
        """Start it."""
        program = Path(__file__).with_name("watchdog.py")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(program)], stdin=subprocess.PIPE, start_new_session=True, cwd="/"
        )

    def guard(self, group: int, number: int) -> None:
        """End this process group with that signal when the stack is gone."""
        self._write(f"+ {group} {int(number)}\n")

    def release(self, group: int) -> None:
        """Forget a process group that has ended."""
        self._write(f"- {group}\n")

    def close(self) -> None:
        """End the watchdog, and with it whatever is still on its list."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, and how to end it. `user` is the uid to run as, None for one's own."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    log: Path
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 10.0
    user: int | None = None


class Child:
    """One program that should be running.

    `program` is asked for anew at each start. `on_death(exit code)` is called when it ended without being told to.
    """

    def __init__(
        self, program: Callable[[], Program], *, watchdog: Watchdog, on_death: Callable[[int], None] = lambda _: None
    ) -> None:
        """Take the program; nothing runs yet."""
        self._make_program = program
        self.program: Program | None = None
        self._watchdog = watchdog
        self._on_death = on_death
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it once; `keep_alive` looks after it from then on."""
        program = self.program = self._make_program()
        _shorten(program.log)
        with program.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(program.arguments),
                env=dict(program.environment),
                cwd=program.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=program.user,
                group=None if program.user is None else program.user,
                extra_groups=None if program.user is None else [],
            )
        self._watchdog.guard(self._process.pid, program.stop_signal)

    def keep_alive(self) -> None:
        """Start it again, with growing pauses, whenever it dies."""
        self._keeper = asyncio.create_task(self._restart_for_ever())

    async def exited(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        assert self._process is not None, "start it first"  # noqa: S101 - a defect, not a condition
        while (code := self._process.poll()) is None:  # noqa: ASYNC110 - a child sends no event that all systems have
            await asyncio.sleep(_LOOK_SECONDS)
        return code

    async def stop(self) -> None:
        """Ask it to end, wait for its grace, then kill its whole group."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        if self._process is None or self.program is None:
            return
        if self._process.poll() is None:
            _signal_group(self._process.pid, self.program.stop_signal, only_leader=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.program.grace_seconds):
                    await self.exited()
        self.kill()

    def kill(self) -> None:
        """Kill its whole group at once and take its exit code."""
        if self._process is not None:
            _signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._watchdog.release(self._process.pid)
            self._process = None

    async def _restart_for_ever(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            code = await self.exited()
            self.kill()  # what its own children may have left
            self._on_death(code)
            if time.monotonic() - began > _HEALTHY_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self.start()


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, for a message that says why something did not start."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])


def _shorten(log: Path) -> None:
    """Put a log that grew large aside, keeping one older file."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > _LOG_KEPT_BYTES:
            log.replace(log.with_suffix(".old.log"))


def _signal_group(group: int, number: int, *, only_leader: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if only_leader:
            os.kill(group, number)
        else:
            os.killpg(group, number)
