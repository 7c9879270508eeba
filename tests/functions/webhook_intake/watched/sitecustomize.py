"""Put on the path of a function under test: writes down each connection, each name looked up and each client loaded."""

import os
import sys
import time

_FILE = os.environ.get("WATCHED_FILE")
_CLIENTS = (
    "google.cloud.tasks_v2",
    "google.cloud.storage",
    "google.cloud.kms",
    "grpc",
    "httpx",
    "openai",
    "pydantic_ai",
)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        what = f"connect {arguments[1]!r}"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        what = f"resolve {arguments[0]!r}"
    elif event == "import" and arguments[0] in _CLIENTS:
        what = f"import {arguments[0]}"
    else:
        return
    line = f"{time.monotonic()} {what}\n".encode()
    descriptor = os.open(str(_FILE), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, line)
    os.close(descriptor)


if _FILE:
    sys.addaudithook(_watch)
