"""The HTTP connections to models: an answer has a greatest size, and an error is an error whatever its status says."""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx2

# An answer of ours has some kilobytes, with a model's thoughts some tens; more is no answer.
MOST_BYTES: Final = 128 * 1024
# What some gateways send with a 200; told as the status that it means, so that it is not taken for an answer.
_HIDDEN_ERROR_STATUS: Final = 502
_OK: Final = 200


class AnswerTooLong(httpx2.ReadError):
    """The answer went on beyond the greatest size; the rest was not read."""


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Reads each answer whole, at most `most_bytes` of it. Raises AnswerTooLong."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, most_bytes: int = MOST_BYTES) -> None:
        self._inner = inner
        self._most_bytes = most_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer to one request."""
        response = await self._inner.handle_async_request(request)
        pieces: list[bytes] = []
        size = 0
        assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - an asynchronous transport's
        try:
            async for piece in response.stream:
                pieces.append(piece)
                size += len(piece)
                if size > self._most_bytes:
                    raise AnswerTooLong(f"the answer is longer than {self._most_bytes} bytes", request=request)
        finally:
            await response.stream.aclose()
        content = b"".join(pieces)
        status = response.status_code
        if status == _OK and "content-encoding" not in response.headers and _is_error(content):
            status = _HIDDEN_ERROR_STATUS
        return httpx2.Response(
            status, headers=response.headers, stream=httpx2.ByteStream(content), extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _is_error(content: bytes) -> bool:
    """Whether a body is one of OpenAI's, Anthropic's or Google's error objects, which all have `error` at the top."""
    if b'"error"' not in content:
        return False
    try:
        body: Any = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, Mapping) and bool(body.get("error")) and not body.get("choices")


def http_client(*, connect_seconds: float, request_seconds: float) -> httpx2.AsyncClient:
    """A client with its own connections and explicit times; it never repeats a request by itself."""
    return httpx2.AsyncClient(
        transport=BoundedTransport(httpx2.AsyncHTTPTransport(retries=0)),
        timeout=httpx2.Timeout(request_seconds, connect=connect_seconds),
        headers={"Accept-Encoding": "identity"},  # so that the size read is the size that is unpacked
        follow_redirects=False,
    )
