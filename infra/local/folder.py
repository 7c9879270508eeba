"""The data folder of a stack: where each part keeps its things, and the lock that lets one stack use it at a time.

The lock is the kernel's (flock): it goes with its process, so a stack that was killed leaves none behind.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from infra.local.errors import StackUnusable


class DataFolder:
    """Paths inside one data folder, made on the way."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is made or locked yet."""
        self.path = path.expanduser().absolute()
        self.postgres = self.path / "postgres"
        self.storage = self.path / "storage"
        self.logs = self.path / "logs"
        self.sandbox = self.path / "sandbox"
        self.run = self.path / "run"
        self.secrets_file = self.path / "secrets.json"
        self.master_key_file = self.path / "master_key.json"
        self.state_file = self.path / "state.json"
        self._lock_file = self.path / "stack.lock"
        self._lock: int | None = None

    def open(self) -> None:
        """Make the folders and take the lock.

        Raises:
            StackUnusable: another stack runs on this folder, or it cannot be written.
        """
        try:
            for folder in (self.path, self.storage, self.logs, self.sandbox, self.run):
                folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StackUnusable(
                f"the data folder {self.path} cannot be used: {error.strerror}. "
                "Give a folder that you may write, with --data-dir."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).decode(errors="replace").strip() or "unknown"
            os.close(lock)
            raise StackUnusable(
                f"the data folder {self.path} is in use by the stack with process id {holder}. "
                f"Stop it (kill {holder}) or give another folder with --data-dir."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock = lock

    def close(self) -> None:
        """Give the lock back; harmless when it was not taken."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read_state(self) -> dict[str, Any]:
        """What earlier starts left in state.json; empty when there was none."""
        try:
            state = json.loads(self.state_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return state if isinstance(state, dict) else {}

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace state.json in one step."""
        write_whole(self.state_file, json.dumps(state, indent=2, ensure_ascii=False).encode() + b"\n")


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a kill, sees the old or the new content and never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        os.fchmod(handle, mode)
        os.write(handle, content)
    finally:
        os.close(handle)
    draft.replace(path)
