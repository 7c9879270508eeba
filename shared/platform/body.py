"""Reads a request's body within a size and a time, so that nobody can fill the memory or hold a place for long."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from shared.kit.errors import Rejected

SIZE_LIMIT = 4 * 1024 * 1024  # bytes; the largest payload of a provider is about 3 MB
SECONDS_LIMIT = 10.0  # for the whole body; honest senders send it at once

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
"""ASGI's receive: the next piece of the request."""


async def read_body(
    receive: Receive,
    headers: Mapping[str, str],
    *,
    size_limit: int = SIZE_LIMIT,
    seconds: float = SECONDS_LIMIT,
) -> bytes:
    """Return the whole body; `headers` have lower-case names.

    Raises `Rejected`: "encoding_not_accepted" for a compressed one (nothing is inflated), "body_too_large" as soon as
    the size is declared or reached, "body_too_slow" when it is not complete in time or its sender went away.
    """
    if headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise Rejected("encoding_not_accepted", "the body has a content-encoding")
    declared = headers.get("content-length", "")
    # a declaration of more than 20 digits is over any limit
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > size_limit:
        raise Rejected("body_too_large", f"more than {size_limit} bytes are declared")
    try:
        async with asyncio.timeout(seconds):
            return await _collect(receive, size_limit)
    except TimeoutError:
        raise Rejected("body_too_slow", f"the body was not complete after {seconds:g} s") from None


async def _collect(receive: Receive, size_limit: int) -> bytes:
    pieces = []
    size = 0
    has_more = True
    while has_more:
        piece = await receive()
        if piece["type"] != "http.request":
            raise Rejected("body_too_slow", "the sender went away")
        pieces.append(piece.get("body", b""))
        size += len(pieces[-1])
        if size > size_limit:
            raise Rejected("body_too_large", f"more than {size_limit} bytes came")
        has_more = piece.get("more_body", False)
    return b"".join(pieces)
