"""One event loop per process in a thread of its own: turns are synchronous, the models' clients are not.

So the clients and their connections are shared by all turns of an instance, however many threads run them.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class BackgroundLoop:
    """A loop that starts with its first work and ends with `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, Result], *, within: float) -> Result:
        """The result of `work`, which is cancelled after `within` seconds. Raises TimeoutError, or what it raises."""
        waiting = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return waiting.result(within)
        except TimeoutError:
            waiting.cancel()
            raise

    def close(self) -> None:
        """End the loop and its thread; harmless when it never began."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="models", daemon=True)
                self._thread.start()
            return self._loop
