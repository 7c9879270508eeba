"""A Unix-socket proxy before PostgreSQL that misbehaves on command, to prove what callers see of a bad network."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PIECE = 65536


class Proxy:
    """Passes bytes between clients and `target`; `path` is the socket to connect to, or `port` without a path.

    `black_hole()` swallows everything from now on and answers nothing. `drop_next_answer()` passes on what a client
    sends next, waits until the server has answered, and then closes the client's connection instead of answering: the
    work is done and nobody is told. `reset()` closes every connection. `heal()` makes an end of it all.
    """

    def __init__(self, target: str, path: Path | None) -> None:
        self.path = str(path)
        self._target = target
        self._mode = "pass"
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_STREAM)
        self._listener.bind(self.path if path else ("127.0.0.1", 0))
        self._listener.listen(64)
        self.port: int = 0 if path else self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def black_hole(self) -> None:
        """Answer nothing, to nobody, also to those who connect now."""
        self._mode = "black hole"

    def drop_next_answer(self) -> None:
        """Let the server do what is asked next, and lose its answer."""
        self._mode = "drop"

    def heal(self) -> None:
        """Pass everything again, to new connections; those that were swallowed stay broken."""
        self._mode = "pass"

    def reset(self) -> None:
        """Close every connection."""
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                server.connect(self._target)
            except OSError:
                client.close()
                continue
            self._pairs.append((client, server))
            thread = threading.Thread(target=self._relay, args=(client, server), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            while True:
                readable, _, _ = select.select([client, server], [], [])
                for end in readable:
                    piece = end.recv(_PIECE)
                    if not piece:
                        return
                    if self._mode == "black hole":
                        continue
                    if self._mode == "drop" and end is server:
                        self._mode = "pass"
                        return
                    (server if end is client else client).sendall(piece)
