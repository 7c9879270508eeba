"""A Cloud Tasks endpoint that only counts: it accepts every task and forgets it, at the least cost.

What the real service does happens on Google's machines; a local queue that kept tasks would be measured with the rest.
Program: `python -m tests.benchmarks.wake_up_sink PORT`; prints how many tasks came when it is terminated.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event

import grpc

from tests.benchmarks.hosting import REPOSITORY, Host, free_port, wait_until_listening

_SERVICE = "google.cloud.tasks.v2.CloudTasks"
_ANY_TASK = b""  # a Task message with nothing set


@contextmanager
def wake_up_sink() -> Iterator[str]:
    """Run the sink for the length of the block; yields its host:port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.wake_up_sink", str(port)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_listening(Host(port, process))
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def main() -> None:
    """Serve until terminated."""
    tasks, over = count(), Event()

    def accept(_request: bytes, _context: object) -> bytes:
        next(tasks)
        return _ANY_TASK

    server = grpc.server(ThreadPoolExecutor(2))
    handlers = {"CreateTask": grpc.unary_unary_rpc_method_handler(accept)}
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_SERVICE, handlers)])
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    server.start()
    over.wait()
    server.stop(None)
    sys.stdout.write(f"{next(tasks)} tasks\n")


if __name__ == "__main__":
    main()
