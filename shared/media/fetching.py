"""GET requests to Meta, guarded: allowed hosts and public addresses, few redirects, no bearer elsewhere, all in time.

The answer's bytes are handed over as they come; nobody here holds a whole file.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from shared.media.hosts import HostNotAllowed, Origin, origin_of
from shared.media.retrying import Failed, failed_by_status

if TYPE_CHECKING:
    import httpcore

    from shared.media.addresses import Resolve

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0  # between two pieces of an answer
TOTAL_SECONDS: Final = 80.0  # of one answer: below the function's 120 s, with time left to store and to record
_ERROR_BYTES: Final = 16 * 1024
_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HTTP_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200: what it says of itself, and its bytes."""

    size: int | None
    mime_type: str | None
    pieces: Iterator[bytes]


class Fetching:
    """One per process: it keeps connections. Threads share it."""

    def __init__(
        self,
        *,
        trusted: frozenset[str] = frozenset(),
        total_seconds: float = TOTAL_SECONDS,
        read_seconds: float = READ_SECONDS,
        resolve: "Resolve | None" = None,
    ) -> None:
        """`trusted`: origins (see hosts.origin_name) that are configured and may be anywhere."""
        self._trusted = trusted
        self._total_seconds = total_seconds
        self._read_seconds = read_seconds
        self._resolve = resolve
        self._made: httpcore.ConnectionPool | None = None
        self._making = threading.Lock()

    @contextlib.contextmanager
    def get(self, url: str, *, token: str | None, has_id: bool) -> Iterator[Answer]:
        """Open one answer; `token` goes to hosts that take it. Raises Failed, also while the pieces are read."""
        origin = _allowed(url, self._trusted)
        ends_at = time.monotonic() + self._total_seconds
        for _ in range(_MOST_REDIRECTS + 1):
            with self._request(url, origin, token=token, ends_at=ends_at) as response:
                if response.status in _REDIRECTS:
                    url = urljoin(url, _header(response, b"location") or "")
                    origin = _allowed(url, self._trusted)
                    continue
                if response.status != _HTTP_OK:
                    failed = failed_by_status(response.status, has_id=has_id, retry_after=_seconds(response))
                    failed.body = _beginning(response, ends_at)
                    raise failed
                yield _answer(response, ends_at=ends_at)
                return
        raise Failed("bad_answer", "too many redirects")

    def close(self) -> None:
        """Close the kept connections."""
        if self._made is not None:
            self._made.close()

    @contextlib.contextmanager
    def _request(self, url: str, origin: Origin, *, token: str | None, ends_at: float) -> Iterator["httpcore.Response"]:
        import httpcore  # noqa: PLC0415 (the first medium needs it, the function's start does not)

        from shared.media.addresses import AddressNotPublic  # noqa: PLC0415 (it is httpcore's)

        headers = [("Host", _host_header(origin)), ("Accept-Encoding", "identity"), ("User-Agent", "departments")]
        if token and origin.takes_bearer:
            headers.append(("Authorization", f"Bearer {token}"))
        left = max(0.1, ends_at - time.monotonic())
        timeout = {
            "connect": min(CONNECT_SECONDS, left),
            "read": min(self._read_seconds, left),
            "write": 5,
            "pool": left,
        }
        try:
            with self._pool.stream("GET", url, headers=headers, extensions={"timeout": timeout}) as response:
                yield response
        except AddressNotPublic as refused:
            raise Failed("address_not_public", str(refused)) from None
        except httpcore.TimeoutException as late:
            raise Failed("timeout", type(late).__name__) from None
        except (httpcore.ConnectError, httpcore.UnsupportedProtocol) as away:
            raise Failed("unreachable", type(away).__name__) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as cut:
            raise Failed("incomplete", type(cut).__name__) from None

    @property
    def _pool(self) -> "httpcore.ConnectionPool":
        import httpcore  # noqa: PLC0415 (see _request)

        from shared.media.addresses import GuardedNetwork, resolve  # noqa: PLC0415 (see _request)

        with self._making:
            if self._made is not None:
                return self._made
            self._made = httpcore.ConnectionPool(
                max_connections=32,
                max_keepalive_connections=8,
                keepalive_expiry=15.0,
                network_backend=GuardedNetwork(trusted=self._is_trusted, resolve=self._resolve or resolve),
            )
            return self._made

    def _is_trusted(self, host: str, port: int) -> bool:
        return any(name.endswith(f"://{host}:{port}") for name in self._trusted)


def _allowed(url: str, trusted: frozenset[str]) -> Origin:
    try:
        return origin_of(url, trusted=trusted)
    except HostNotAllowed as refused:
        raise Failed("host_not_allowed", str(refused)) from None


def _host_header(origin: Origin) -> str:
    usual = {"https": 443, "http": 80}[origin.scheme]
    return origin.host if origin.port == usual else f"{origin.host}:{origin.port}"


def _answer(response: Any, *, ends_at: float) -> Answer:
    encoding = _header(response, b"content-encoding")
    if encoding not in (None, "", "identity"):
        raise Failed("encoded", f"the answer is encoded as {encoding[:50] if encoding else encoding}")
    size = _header(response, b"content-length")
    return Answer(
        size=int(size) if size and size.isascii() and size.isdigit() and len(size) < 19 else None,  # noqa: PLR2004
        mime_type=_header(response, b"content-type"),
        pieces=_within(response.iter_stream, ends_at),
    )


def _beginning(response: Any, ends_at: float) -> bytes:
    """The first bytes of an answer that says why not."""
    said = b""
    for piece in _within(response.iter_stream, ends_at):
        said += piece
        if len(said) >= _ERROR_BYTES:
            break
    return said


def _within(stream: Callable[[], Iterator[bytes]], ends_at: float) -> Iterator[bytes]:
    for piece in stream():
        yield piece
        if time.monotonic() > ends_at:
            raise Failed("timeout", "the answer took too long as a whole")


def _header(response: Any, name: bytes) -> str | None:
    for key, value in response.headers:
        if key.lower() == name:
            return bytes(value).decode("latin-1")
    return None


def _seconds(response: Any) -> float | None:
    """Retry-After as seconds; a date is not read, the table's own pauses are enough."""
    wish = _header(response, b"retry-after")
    return float(wish) if wish and wish.isascii() and wish.isdigit() and len(wish) < 7 else None  # noqa: PLR2004
