"""The gRPC service google.cloud.tasks.v2.CloudTasks, so that the public client library works unchanged."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty

from infra.local.ports import ADDRESS
from infra.local.tasks.engine import TaskEngine
from infra.local.tasks.messages import Message, Queue, Task, in_view, request_class
from infra.local.tasks.refusals import Refused, invalid
from infra.local.tasks.validation import check_location, check_queue_name

_SERVICE = "google.cloud.tasks.v2.CloudTasks"
_MOST_QUEUES_A_PAGE = 9800
_MOST_TASKS_A_PAGE = 1000

Handler = Callable[[Message], Awaitable[Message]]


class TasksServer:
    """Listens on a port of this machine, without encryption."""

    def __init__(self, engine: TaskEngine, *, port: int) -> None:
        """Take the engine and a port that is free or reserved; nothing listens yet."""
        self._engine = engine
        self._server: Any = None
        self.endpoint = f"{ADDRESS}:{port}"

    async def start(self) -> None:
        """Listen."""
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 1),))
        handlers = {
            name: _method(handler, request_class(f"{name}Request"), answer)
            for name, (handler, answer) in self._methods().items()
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
        self._server.add_insecure_port(self.endpoint)
        await self._server.start()

    async def stop(self) -> None:
        """Stop listening; calls under way get a moment to end."""
        if self._server is not None:
            await self._server.stop(grace=0.5)

    def _methods(self) -> dict[str, tuple[Handler, Message]]:
        queues, tasks = request_class("ListQueuesResponse"), request_class("ListTasksResponse")
        return {
            "ListQueues": (self._list_queues, queues),
            "GetQueue": (self._get_queue, Queue),
            "CreateQueue": (self._create_queue, Queue),
            "UpdateQueue": (self._update_queue, Queue),
            "DeleteQueue": (self._delete_queue, Empty),
            "PurgeQueue": (self._purge_queue, Queue),
            "PauseQueue": (self._pause_queue, Queue),
            "ResumeQueue": (self._resume_queue, Queue),
            "ListTasks": (self._list_tasks, tasks),
            "GetTask": (self._get_task, Task),
            "CreateTask": (self._create_task, Task),
            "DeleteTask": (self._delete_task, Empty),
            "RunTask": (self._run_task, Task),
        }

    async def _list_queues(self, request: Message) -> Message:
        check_location(request.parent)
        if request.filter:
            raise invalid("filter is not supported by the local server; list all queues.")
        messages = {runner.message.name: runner.message for runner in self._engine.queues()}
        names = [name for name in messages if name.startswith(request.parent + "/")]
        page, token = _page(names, request, most=_MOST_QUEUES_A_PAGE)
        return request_class("ListQueuesResponse")(queues=[messages[name] for name in page], next_page_token=token)

    async def _get_queue(self, request: Message) -> Message:
        return self._engine.queue(request.name).message

    async def _create_queue(self, request: Message) -> Message:
        check_location(request.parent)
        check_queue_name(request.queue.name, field="queue.name")
        if not request.queue.name.startswith(request.parent + "/"):
            raise invalid(f"queue.name {request.queue.name!r} is not in {request.parent!r}.")
        return await self._engine.create_queue(request.queue)

    async def _update_queue(self, request: Message) -> Message:
        return await self._engine.update_queue(request.queue, list(request.update_mask.paths))

    async def _delete_queue(self, request: Message) -> Message:
        await self._engine.delete_queue(request.name)
        return Empty()

    async def _purge_queue(self, request: Message) -> Message:
        return await self._engine.purge_queue(request.name)

    async def _pause_queue(self, request: Message) -> Message:
        return await self._engine.set_state(request.name, paused=True)

    async def _resume_queue(self, request: Message) -> Message:
        return await self._engine.set_state(request.name, paused=False)

    async def _list_tasks(self, request: Message) -> Message:
        entries = self._engine.queue(request.parent).entries
        page, token = _page(sorted(entries), request, most=_MOST_TASKS_A_PAGE)
        tasks = [in_view(entries[name].message, request.response_view) for name in page]
        return request_class("ListTasksResponse")(tasks=tasks, next_page_token=token)

    async def _get_task(self, request: Message) -> Message:
        _, entry = self._engine.task(request.name)
        return in_view(entry.message, request.response_view)

    async def _create_task(self, request: Message) -> Message:
        task = await self._engine.create_task(request.parent, request.task)
        return in_view(task, request.response_view)

    async def _delete_task(self, request: Message) -> Message:
        await self._engine.delete_task(request.name)
        return Empty()

    async def _run_task(self, request: Message) -> Message:
        return in_view(self._engine.run_task(request.name), request.response_view)


def _method(handler: Handler, request: Message, answer: Message) -> Any:
    async def answered(message: Message, context: Any) -> Message:
        try:
            return await handler(message)
        except Refused as refusal:
            return await context.abort(refusal.status, refusal.message)

    return grpc.unary_unary_rpc_method_handler(
        answered, request_deserializer=request.FromString, response_serializer=answer.SerializeToString
    )


def _page(names: list[str], request: Message, *, most: int) -> tuple[list[str], str]:
    """One page of sorted names after the token, which is the last name of the page before."""
    if request.page_size < 0:
        raise invalid("page_size must not be negative.")
    size = min(request.page_size or most, most)
    after = [name for name in names if name > request.page_token]
    page = after[:size]
    return page, page[-1] if len(after) > size else ""
