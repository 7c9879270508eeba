"""Reads a request's body within a size and a time, so that nobody can fill the memory or hold a place for long."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

SIZE_LIMIT = 4 * 1024 * 1024  # bytes; Meta's largest payload is about 3 MB
SECONDS_LIMIT = 10.0  # for the whole body; a provider sends it at once

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
"""ASGI's receive: the next piece of the request."""


class TooLarge(Exception):
    """The body is, or says that it is, over the limit."""


class TooSlow(Exception):
    """The body was not there in time, or the sender went away."""


async def read_body(receive: Receive, *, declared: bytes | None, seconds: float = SECONDS_LIMIT) -> bytes:
    """Return the whole body.

    Args:
        receive: gives the pieces as they arrive.
        declared: the content-length header; a lie ends at the limit all the same.
        seconds: for the whole body.

    Raises:
        TooLarge: nothing more is read than what shows it.
        TooSlow: the body was not there in time, or the sender went away.
    """
    if declared is not None and declared.isdigit() and int(declared[:20]) > SIZE_LIMIT:
        raise TooLarge
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive)
    except TimeoutError:
        raise TooSlow from None


async def _read(receive: Receive) -> bytes:
    pieces = []
    size = 0
    more = True
    while more:
        piece = await receive()
        if piece["type"] != "http.request":
            raise TooSlow
        pieces.append(piece.get("body", b""))
        size += len(pieces[-1])
        if size > SIZE_LIMIT:
            raise TooLarge
        more = piece.get("more_body", False)
    return b"".join(pieces)
