"""uvicorn's HTTP protocol with a time limit on whole requests: headers and body must arrive within it.

uvicorn limits the pause between requests only; a client that sends a byte now and then would hold a connection for
ever.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ARRIVAL_SECONDS = 10.0
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_ABORT = "abort_connection"


class PunctualProtocol(HttpToolsProtocol):
    """Closes a connection whose request has not arrived completely in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Give the first request its time."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time limit with the connection."""
        self._stop_clock()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Give each further request its time, and the application a way to cut the connection."""
        super().on_message_begin()
        self.scope["state"][_ABORT] = self.transport.abort
        if self._deadline is None:
            self._start_clock()

    def on_message_complete(self) -> None:
        """It has arrived."""
        self._stop_clock()
        super().on_message_complete()

    def _start_clock(self) -> None:
        self._deadline = self.loop.call_later(ARRIVAL_SECONDS, self._too_slow)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self.cycle is None or not self.cycle.response_started:
            self.transport.write(_TOO_SLOW)
        self.transport.close()


async def abort_connection(scope: MutableMapping[str, Any]) -> None:
    """Cut the connection of a request without an answer, as a network does that fails."""
    scope["state"][_ABORT]()
    await asyncio.sleep(0)  # until the protocol knows; whatever is answered from now on is dropped
