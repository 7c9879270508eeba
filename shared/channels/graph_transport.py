"""One request to the Graph API: never repeated, an honest word on how far it came, nothing after the guard's time."""

import json
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from shared.kit.crash_points import crash_point

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS: Final = 3.0
# Longer answers are no answers of this API; the rest is not read.
_ANSWER_BYTES: Final = 64 * 1024
_FIRST_BYTE: Final = frozenset({"http11.send_request_headers.started", "http2.send_request_headers.started"})
_LAST_BYTE: Final = frozenset({"http11.send_request_body.complete", "http2.send_request_body.complete"})


class TooLate(Exception):
    """The guard's time was over before the first byte."""


class NoAnswer(Exception):
    """The kind of trouble, and whether bytes had left before it. Its text is not kept: it may quote the request."""

    def __init__(self, kind: str, *, bytes_left: bool) -> None:
        super().__init__(kind)
        self.kind = kind
        self.bytes_left = bytes_left


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """One request: GET when there is no body. The token travels in a header alone.

    `crash_at` names the crash point that is met when its last byte has left.
    """

    url: str
    token: str
    body: dict[str, Any] | None = None
    crash_at: str | None = None


class _Progress:
    """How far one request has come: httpx calls `trace` at each step."""

    def __init__(self, *, first_byte_before: float, crash_at: str | None) -> None:
        self.bytes_left = False
        self._crash_at = crash_at
        self._first_byte_before = first_byte_before

    def trace(self, event: str, _details: dict[str, Any]) -> None:
        if event in _FIRST_BYTE:
            if time.monotonic() > self._first_byte_before:
                raise TooLate
            self.bytes_left = True
        elif event in _LAST_BYTE and self._crash_at is not None:
            crash_point(self._crash_at)


class GraphTransport:
    """One per process: it keeps the connections to the provider."""

    def __init__(self, *, total_seconds: float) -> None:
        self._total_seconds = total_seconds

    @cached_property
    def _client(self) -> "httpx.Client":
        import httpx  # noqa: PLC0415 (the first message needs it, the function's start does not)

        return httpx.Client(
            timeout=httpx.Timeout(self._total_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
            # a connection that the provider closed meanwhile makes a send uncertain: keep idle ones shortly
            limits=httpx.Limits(max_keepalive_connections=20, keepalive_expiry=15.0),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Closes the kept connections."""
        self._client.close()

    def exchange(self, request: GraphRequest, *, first_byte_before: float = float("inf")) -> tuple[int, bytes]:
        """The provider's status and the beginning of its answer, within the total time.

        `first_byte_before` is in monotonic seconds. Raises TooLate (nothing has left) or NoAnswer.
        """
        import httpx  # noqa: PLC0415 (see _client)

        progress = _Progress(first_byte_before=first_byte_before, crash_at=request.crash_at)
        try:
            return self._exchange(request, progress)
        except httpx.HTTPError as trouble:
            raise NoAnswer(type(trouble).__name__, bytes_left=progress.bytes_left) from None

    def _exchange(self, request: GraphRequest, progress: _Progress) -> tuple[int, bytes]:
        import httpx  # noqa: PLC0415 (see _client)

        ends_at = time.monotonic() + self._total_seconds
        content = None if request.body is None else json.dumps(request.body, ensure_ascii=False).encode()
        with self._client.stream(
            "GET" if content is None else "POST",
            request.url,
            content=content,
            headers={"Authorization": f"Bearer {request.token}", "Content-Type": "application/json"},
            extensions={"trace": progress.trace},
        ) as response:
            raw = b""
            for chunk in response.iter_bytes():
                raw += chunk
                if len(raw) > _ANSWER_BYTES:
                    break
                if time.monotonic() > ends_at:
                    raise httpx.ReadTimeout("the answer took too long as a whole")
            return response.status_code, raw
