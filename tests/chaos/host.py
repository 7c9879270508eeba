"""A function host that loads the function once and forks a worker in milliseconds: workers here die by the hundred.

    python -m tests.chaos.host SOURCE REPLY_FD

Each line of stdin is a JSON object of environment variables for one worker; each line written to REPLY_FD is its
{"pid", "port"}. The worker serves the function as functions-framework's own ASGI application. Ends when stdin does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

import functions_framework.aio
import jwt.algorithms  # noqa: F401 - the function imports it at its first call: here once for all workers
import uvicorn


def main() -> None:
    source, reply_fd = sys.argv[1], int(sys.argv[2])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # dead workers disappear by themselves
    application = functions_framework.aio.create_asgi_app("handle", source)  # type: ignore[no-untyped-call]
    children: list[int] = []
    with os.fdopen(reply_fd, "w") as replies:
        replies.write("loaded\n")
        replies.flush()
        for line in sys.stdin:
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            listener.listen(128)
            pid = os.fork()
            if pid == 0:
                os.environ.update(json.loads(line))
                os.close(0)
                serve(application, listener)
            children.append(pid)
            replies.write(json.dumps({"pid": pid, "port": listener.getsockname()[1]}) + "\n")
            replies.flush()
            listener.close()
    for pid in children:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def serve(application: object, listener: socket.socket) -> None:
    """Serves until killed; never returns into the host's loop."""
    configuration = uvicorn.Config(application, log_level="error", lifespan="off", access_log=False)  # type: ignore[arg-type]
    try:
        uvicorn.Server(configuration).run(sockets=[listener])
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
