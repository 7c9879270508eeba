"""One POST to a model's server: no repetition, no redirect, no proxy, a bounded answer, all of it before a deadline.

It is httpcore, as in guarded_fetching.py: httpx would add what must be switched off here. No failure quotes what was
exchanged.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.platform.logs import get_logger

if TYPE_CHECKING:
    import httpcore

_log = get_logger(__name__)

CONNECT_SECONDS: Final = 3.0
MOST_BYTES: Final = 512 * 1024  # of an answer in words: what is kept of them, escaped, and what stands around them
_HTTP_OK: Final = 200


class ModelRefused(Exception):
    """The model's server answered with another status than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class AnswerTooLarge(Exception):
    """The answer has more bytes than words that anybody would read."""


class NoAnswer(Exception):
    """The server was not reached, or its answer did not come whole."""


class NoAnswerInTime(NoAnswer):
    """The deadline came first."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, in pieces."""

    mime_type: str
    pieces: tuple[bytes, ...]


def post(url: str, body: Body, *, key: str, ends_at: float, most_bytes: int = MOST_BYTES) -> bytes:
    """The answer's bytes; `ends_at` is in monotonic seconds, `key` goes as a bearer. Raises this module's."""
    import httpcore  # noqa: PLC0415 (the first medium needs it, the function's start does not)

    from shared.platform.network_deadlines import NetworkUntil  # noqa: PLC0415 (it is httpcore's)

    try:
        with (
            # a connection for each request: they are rare and long, and so none is found closed by the server
            httpcore.ConnectionPool(network_backend=NetworkUntil(ends_at), max_connections=1) as pool,
            pool.stream(
                "POST",
                url,
                headers=_headers(body, key),
                content=iter(body.pieces),
                extensions={"timeout": {"connect": CONNECT_SECONDS}},
            ) as response,
        ):
            return _whole(response, most_bytes)
    except httpcore.TimeoutException as late:
        raise NoAnswerInTime(type(late).__name__) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as cut:
        raise NoAnswer(type(cut).__name__) from None


def _headers(body: Body, key: str) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", body.mime_type),
        ("Content-Length", str(sum(map(len, body.pieces)))),
        ("Accept-Encoding", "identity"),
        ("User-Agent", "departments"),
    ]
    return [*headers, ("Authorization", f"Bearer {key}")] if key else headers


def _whole(response: "httpcore.Response", most_bytes: int) -> bytes:
    if response.status != _HTTP_OK:
        _log.warning("model's server refused", status=response.status)
        raise ModelRefused(response.status)
    raw = bytearray()
    for piece in response.iter_stream():
        raw += piece
        if len(raw) > most_bytes:
            raise AnswerTooLarge(f"more than {most_bytes} bytes")
    return bytes(raw)
