"""Cloud Tasks' gRPC API as far as creating tasks goes, recording what was asked; it can be told to misbehave."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.cloud import tasks_v2


@dataclass
class RecordingQueue:
    """A queue on a port of its own; `tasks` are the created ones, `calls` when each call came (monotonic seconds)."""

    tasks: list[Any] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    failure: grpc.StatusCode | None = None
    release: threading.Event = field(default_factory=threading.Event)
    endpoint: str = ""

    def __post_init__(self) -> None:
        """Start to serve; `release` is set, so that calls are answered at once."""
        self.release.set()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        method = grpc.unary_unary_rpc_method_handler(
            self._create_task,
            request_deserializer=tasks_v2.CreateTaskRequest.deserialize,
            response_serializer=tasks_v2.Task.serialize,
        )
        handlers = grpc.method_handlers_generic_handler("google.cloud.tasks.v2.CloudTasks", {"CreateTask": method})
        self._server.add_generic_rpc_handlers((handlers,))
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        """End it."""
        self.release.set()
        self._server.stop(grace=None).wait()

    def _create_task(self, request: Any, context: Any) -> Any:
        self.calls.append(time.monotonic())
        self.release.wait(timeout=30)
        if self.failure is not None:
            context.abort(self.failure, "told to fail")
        self.tasks.append(request.task)
        return request.task
