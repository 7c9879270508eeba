"""HTTP calls of the stack's own parts (queue, scheduler, webhook sender, gateway) to functions and to anywhere else.

A call to a function through the gateway's address goes straight to the function's process, as the cloud's front end
does, so that the gateway is not in the way of the queue.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from infra.local.directory import Directory

_MOST_BODY_KEPT = 65_536
_IDLE_SECONDS = (
    1.0  # the function host closes an idle connection after 2 s; reusing one at that moment would lose a call
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NoAnswer(Exception):
    """No answer came: refused, reset, or not in time."""


class Fetcher:
    """A pool of connections kept open between calls."""

    def __init__(self, directory: Directory) -> None:
        """Must be made while the event loop runs."""
        self._directory = directory
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS)
        self.session = aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent",),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.session.close()

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> Answer:
        """Send one request and read the answer.

        Raises:
            NoAnswer: nothing came back within the time, or the connection failed.
        """
        try:
            async with self.session.request(
                method,
                URL(self._directory.shortcut(url), encoded=True),
                headers=headers,
                data=body,
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            ) as response:
                return Answer(response.status, response.headers, await _beginning(response.content))
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {timeout_seconds:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """The body up to the limit, read to its end so that the connection can serve again."""
    try:
        return await content.readexactly(_MOST_BODY_KEPT)
    except asyncio.IncompleteReadError as ended:
        return ended.partial
