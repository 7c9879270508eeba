"""Passes requests on to functions: bytes and headers untouched, bodies as they come, answers as they come.

What the cloud's front end says, this says: 503 with Retry-After when no instance is up, 504 when the function's time is
over (it may go on), 413 above 32 MiB, 502 when the instance breaks off.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from infra.local.directory import Directory
from infra.local.fetch import Fetcher

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LARGEST_BODY = 32 * 1024 * 1024  # of Cloud Run over HTTP/1
_RETRY_AFTER = (b"retry-after", b"1")
_HOP_HEADERS = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"te", b"trailer"}
)


class _TooLarge(Exception):
    """The body is longer than the front end takes."""


class _Gone(Exception):
    """The client went away before its request was complete."""


class Proxy:
    """One function, or the storage emulator, behind a path of the gateway."""

    def __init__(self, *, directory: Directory, fetcher: Fetcher) -> None:
        """Take the addresses and the pool of connections."""
        self._directory = directory
        self._session = fetcher.session

    async def to_function(
        self, name: str, scope: Scope, receive: Receive, send: Send, *, timeout_seconds: float
    ) -> None:
        """Pass a request on to a function; its path is what follows the name."""
        address = self._directory.functions.get(name)
        if address is None or name not in self._directory.ready:
            await answer(send, 503, f"the function {name} is starting; see its log", _RETRY_AFTER)
            return
        await self.to_address(address, name, scope, receive, send, timeout_seconds=timeout_seconds)

    async def to_address(  # noqa: PLR0913 - an ASGI call and where it goes
        self, address: str, prefix: str, scope: Scope, receive: Receive, send: Send, *, timeout_seconds: float
    ) -> None:
        """Pass a request on to an address, without the first part of its path."""
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        failure: _Failure | None
        try:
            await self._pass_on(_target(address, prefix, scope), scope, receive, send_on, timeout_seconds)
        except (_Gone, _TooLarge, aiohttp.ClientError, OSError) as error:
            failure = _failure(error, prefix, timeout_seconds)
        else:
            return
        if failure is None:
            return
        if started:
            raise ConnectionAbortedError(failure.text)  # half an answer is out: cut the connection, so that it shows
        await answer(send, failure.status, failure.text, *failure.headers)

    async def _pass_on(self, url: URL, scope: Scope, receive: Receive, send: Send, timeout_seconds: float) -> None:
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in _HOP_HEADERS
        ]
        if (client := scope.get("client")) is not None:
            headers.append(("x-forwarded-for", client[0]))
        async with self._session.request(
            scope["method"],
            url,
            headers=headers,
            data=await _body(scope, receive),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type"),
        ) as response:
            answered = [
                (name.lower(), value) for name, value in response.raw_headers if name.lower() not in _HOP_HEADERS
            ]
            await send({"type": "http.response.start", "status": response.status, "headers": answered})
            async for chunk in response.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


@dataclass(frozen=True, slots=True)
class _Failure:
    """What the gateway answers in place of the function."""

    status: int
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


def _failure(error: Exception, name: str, timeout_seconds: float) -> _Failure | None:
    """The answer for a request that could not be passed on; None when nobody waits for one."""
    match error:
        case _Gone():
            return None
        case _TooLarge():
            return _Failure(413, f"the body is longer than {_LARGEST_BODY} bytes")
        case aiohttp.ClientConnectorError():
            return _Failure(503, f"{name} does not answer; it is started again, see its log", (_RETRY_AFTER,))
        case TimeoutError():
            return _Failure(504, f"{name} took longer than its {timeout_seconds:g} s")
        case aiohttp.ClientError() if isinstance(error.__cause__, _Gone | _TooLarge):  # raised while the body was read
            return _failure(error.__cause__, name, timeout_seconds)
        case _:
            return _Failure(502, f"{name} broke off: {type(error).__name__}")


async def answer(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    """A plain text answer of the gateway itself."""
    body = text.encode() + b"\n"
    own = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


def _target(address: str, prefix: str, scope: Scope) -> URL:
    path = scope["raw_path"].decode("latin-1")[len(prefix) + 1 :] or "/"
    query = scope["query_string"].decode("latin-1")
    return URL(f"{address}{path}?{query}" if query else f"{address}{path}", encoded=True)


async def _body(scope: Scope, receive: Receive) -> bytes | AsyncIterator[bytes] | None:
    """The whole body when it came with the headers, as most do; else the chunks as they come."""
    announced = [value for name, value in scope["headers"] if name == b"content-length"]
    if announced and int(announced[0]) > _LARGEST_BODY:
        raise _TooLarge
    chunk, more = await _next_chunk(receive)
    if not more:
        return chunk or None
    return _chunks(chunk, receive)


async def _chunks(chunk: bytes, receive: Receive) -> AsyncIterator[bytes]:
    total, more = 0, True
    while True:
        total += len(chunk)
        if total > _LARGEST_BODY:
            raise _TooLarge
        if chunk:
            yield chunk
        if not more:
            return
        chunk, more = await _next_chunk(receive)


async def _next_chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _Gone
    return message.get("body", b""), message.get("more_body", False)
