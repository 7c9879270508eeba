"""GET requests, guarded: allowed URLs and public addresses, few redirects, no bearer elsewhere, all in time.

The answer's bytes are handed over as they come; nobody here holds a whole file. Who uses it says which URLs are allowed
and what a failure is: an exception made of one of the codes `host_not_allowed`, `address_not_public`, `timeout`,
`unreachable`, `incomplete`, `encoded`, `bad_answer`, and a detail.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

if TYPE_CHECKING:
    import httpcore

    from shared.platform.public_network import Resolve

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0  # between two pieces of an answer
TOTAL_SECONDS: Final = 80.0  # of one answer: below the function's 120 s, with time left to store and to record
_ERROR_BYTES: Final = 16 * 1024
_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HTTP_OK: Final = 200


class HostNotAllowed(Exception):
    """The URL is not one that may be fetched; the message says why and quotes no more than the host."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request goes: `trusted` origins are configured, so that their addresses need not be public."""

    scheme: str
    host: str
    port: int
    trusted: bool
    takes_bearer: bool


Fail = Callable[[str, str], Exception]
"""Makes the failure of a code and a detail."""
Refused = Callable[[int, float | None, bytes], Exception]
"""Makes the failure of a status other than 200, its Retry-After in seconds, and the answer's first bytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A 200: where it came from after redirects, what it says of itself, and its bytes."""

    url: str
    size: int | None
    mime_type: str | None
    pieces: Iterator[bytes]


class GuardedFetching:
    """One per process: it keeps connections. Threads share it."""

    def __init__(  # noqa: PLR0913 -- all named, and most of them have defaults
        self,
        *,
        allow: Callable[[str], Origin],
        fail: Fail,
        trusted: frozenset[str] = frozenset(),
        total_seconds: float = TOTAL_SECONDS,
        read_seconds: float = READ_SECONDS,
        resolve: "Resolve | None" = None,
    ) -> None:
        """`allow` raises HostNotAllowed; `trusted`: origins (scheme://host:port) that may be anywhere."""
        self._allow = allow
        self._fail = fail
        self._trusted = trusted
        self._total_seconds = total_seconds
        self._read_seconds = read_seconds
        self._resolve = resolve
        self._made: httpcore.ConnectionPool | None = None
        self._making = threading.Lock()

    @contextlib.contextmanager
    def get(self, url: str, *, refused: Refused, token: str | None = None) -> Iterator[Answer]:
        """Open one answer; `token` goes to hosts that take it. Raises what `fail` and `refused` make."""
        origin = self._allowed(url)
        ends_at = time.monotonic() + self._total_seconds
        for _ in range(_MOST_REDIRECTS + 1):
            with self._request(url, origin, token=token, ends_at=ends_at) as response:
                if response.status in _REDIRECTS:
                    url = urljoin(url, _header(response, b"location") or "")
                    origin = self._allowed(url)
                    continue
                if response.status != _HTTP_OK:
                    raise refused(response.status, _seconds(response), self._beginning(response, ends_at))
                yield self._answer(response, url=url, ends_at=ends_at)
                return
        raise self._fail("bad_answer", "too many redirects")

    def close(self) -> None:
        """Close the kept connections."""
        if self._made is not None:
            self._made.close()

    @contextlib.contextmanager
    def _request(self, url: str, origin: Origin, *, token: str | None, ends_at: float) -> Iterator["httpcore.Response"]:
        import httpcore  # noqa: PLC0415 (the first medium needs it, the function's start does not)

        from shared.platform.public_network import AddressNotPublic  # noqa: PLC0415 (it is httpcore's)

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
            raise self._fail("address_not_public", str(refused)) from None
        except httpcore.TimeoutException as late:
            raise self._fail("timeout", type(late).__name__) from None
        except (httpcore.ConnectError, httpcore.UnsupportedProtocol) as away:
            raise self._fail("unreachable", type(away).__name__) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as cut:
            raise self._fail("incomplete", type(cut).__name__) from None

    @property
    def _pool(self) -> "httpcore.ConnectionPool":
        import httpcore  # noqa: PLC0415 (see _request)

        from shared.platform.public_network import GuardedNetwork, resolve  # noqa: PLC0415 (see _request)

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

    def _allowed(self, url: str) -> Origin:
        try:
            return self._allow(url)
        except HostNotAllowed as refused:
            raise self._fail("host_not_allowed", str(refused)) from None

    def _answer(self, response: Any, *, url: str, ends_at: float) -> Answer:
        encoding = _header(response, b"content-encoding")
        if encoding not in (None, "", "identity"):
            raise self._fail("encoded", f"the answer is encoded as {encoding[:50] if encoding else encoding}")
        size = _header(response, b"content-length")
        return Answer(
            url=url,
            size=int(size) if size and size.isascii() and size.isdigit() and len(size) < 19 else None,  # noqa: PLR2004
            mime_type=_header(response, b"content-type"),
            pieces=self._within(response.iter_stream, ends_at),
        )

    def _beginning(self, response: Any, ends_at: float) -> bytes:
        """The first bytes of an answer that says why not."""
        said = b""
        for piece in self._within(response.iter_stream, ends_at):
            said += piece
            if len(said) >= _ERROR_BYTES:
                break
        return said

    def _within(self, stream: Callable[[], Iterator[bytes]], ends_at: float) -> Iterator[bytes]:
        for piece in stream():
            yield piece
            if time.monotonic() > ends_at:
                raise self._fail("timeout", "the answer took too long as a whole")


def _host_header(origin: Origin) -> str:
    usual = {"https": 443, "http": 80}[origin.scheme]
    return origin.host if origin.port == usual else f"{origin.host}:{origin.port}"


def _header(response: Any, name: bytes) -> str | None:
    for key, value in response.headers:
        if key.lower() == name:
            return bytes(value).decode("latin-1")
    return None


def _seconds(response: Any) -> float | None:
    """Retry-After as seconds; a date is not read, the table's own pauses are enough."""
    wish = _header(response, b"retry-after")
    return float(wish) if wish and wish.isascii() and wish.isdigit() and len(wish) < 7 else None  # noqa: PLR2004
