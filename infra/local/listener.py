"""The gateway's port: taken first, so that a busy one is known before anything starts; served by uvicorn's protocol."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from infra.local.errors import StackUnusable
from infra.local.ports import ADDRESS, port_of
from infra.local.punctual import PunctualProtocol

_IDLE_SECONDS = 75
_BACKLOG = 2048
_ENDING_SECONDS = 2.0

Application = Callable[[Any, Any, Any], Awaitable[None]]


class Listener:
    """A bound port that later serves an ASGI application."""

    def __init__(self, port: int) -> None:
        """Take the port; 0 takes a free one.

        Raises:
            StackUnusable: the port is taken or may not be used.
        """
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((ADDRESS, port))
            self._socket.listen(_BACKLOG)
        except OSError as error:
            self._socket.close()
            raise StackUnusable(_why(port, error)) from error
        self.port = port_of(self._socket)
        self._server: asyncio.Server | None = None
        self._state = ServerState()

    @property
    def url(self) -> str:
        """The gateway's address."""
        return f"http://{ADDRESS}:{self.port}"

    async def serve(self, application: Application) -> None:
        """Answer requests from now on; those that came before have waited."""
        config = Config(
            application, http=PunctualProtocol, lifespan="off", log_config=None, timeout_keep_alive=_IDLE_SECONDS
        )
        config.load()
        logging.getLogger("uvicorn.access").disabled = True
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)

        def protocol() -> PunctualProtocol:
            return PunctualProtocol(config=config, server_state=self._state, app_state={})

        self._server = await asyncio.get_running_loop().create_server(protocol, sock=self._socket, backlog=_BACKLOG)

    async def close(self) -> None:
        """Take no more requests, let those under way end for a moment, and give the port back."""
        if self._server is None:
            self._socket.close()
            return
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDING_SECONDS):
                await asyncio.gather(*self._state.tasks, return_exceptions=True)


def _why(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use by another program. Stop that one, or take another port: --port {port + 1}."
    if error.errno == errno.EACCES:
        return f"port {port} may not be used by you. Take one above 1023: --port 8080."
    return f"port {port} cannot be used: {error.strerror}. Take another one with --port."
