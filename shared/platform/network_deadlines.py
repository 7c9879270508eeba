"""A network on which one exchange ends in time as a whole, also with a server that answers byte by byte.

httpcore's own timeouts begin anew with every piece.
"""

import time
from collections.abc import Iterable
from typing import Any, Final

import httpcore

_PIECE: Final = 64 * 1024  # bytes of a request between two looks at the clock


class NetworkUntil(httpcore.NetworkBackend):
    """httpcore's own network until `ends_at` (monotonic seconds); then its timeouts are raised."""

    def __init__(self, ends_at: float) -> None:
        self._plain = httpcore.SyncBackend()
        self._ends_at = ends_at

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect, within `timeout` and what is left."""
        stream = self._plain.connect_tcp(
            host, port, _left(self._ends_at, timeout, httpcore.ConnectTimeout), local_address, socket_options
        )
        return _StreamUntil(stream, self._ends_at)


class _StreamUntil(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream = stream
        self._ends_at = ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._ends_at, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for begin in range(0, len(buffer), _PIECE):
            piece = buffer[begin : begin + _PIECE]
            self._stream.write(piece, _left(self._ends_at, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._ends_at, timeout, httpcore.ConnectTimeout)
        return _StreamUntil(self._stream.start_tls(ssl_context, server_hostname, left), self._ends_at)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(ends_at: float, timeout: float | None, late: type[httpcore.TimeoutException]) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise late("the exchange took too long as a whole")
    return left if timeout is None else min(timeout, left)
