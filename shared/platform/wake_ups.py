"""Calls that are not waited for: one thread makes them after the answer; what is dropped is found by the sweep."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from shared.kit.errors import Unavailable
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

_log = get_logger(__name__)


class WakeUps:
    """Runs calls one after another in a thread of its own; `later` returns at once."""

    def __init__(self, *, most_waiting: int = 1000) -> None:
        self._waiting: queue.Queue[Callable[[], object] | None] = queue.Queue(maxsize=most_waiting)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def later(self, call: Callable[[], object]) -> bool:
        """Take the call, or return False because too many wait."""
        with self._starting:
            if self._thread is None:  # in the process that works: it may have been forked after this was made
                self._thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(call)
        except queue.Full:
            _log.warning("wake-up left to the sweep", reason="too many are waiting")
            return False
        return True

    def close(self) -> None:
        """Make the calls that wait, then end the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (call := self._waiting.get()) is not None:
            try:
                call()
            except Unavailable as unavailable:
                _log.warning("wake-up left to the sweep", reason=unavailable.message)
            except Exception:  # noqa: BLE001 (a defect in one call must not end the thread)
                _log.exception("wake-up left to the sweep")
