"""The protobuf messages of google.cloud.tasks.v2, and the few conversions that the server needs.

The classes are taken out of the public client's wrappers (`.pb()`): plain protobuf is several times faster.
"""

import math
from typing import Any

from google.cloud.tasks_v2.types import cloudtasks, queue, task

Message = Any  # a protobuf message; the generated classes carry no types

Task: Message = task.Task.pb()
Queue: Message = queue.Queue.pb()

FULL = int(task.Task.View.FULL)
BASIC = int(task.Task.View.BASIC)
RUNNING = int(queue.Queue.State.RUNNING)
PAUSED = int(queue.Queue.State.PAUSED)

_NANO = 1_000_000_000


def request_class(name: str) -> Message:
    """The protobuf class of a request or response of the service, such as CreateTaskRequest."""
    return getattr(cloudtasks, name).pb()


def set_time(field: Message, at: float) -> None:
    """Write Unix seconds into a Timestamp field, to the microsecond as the service does."""
    micros = round(at * 1_000_000)
    field.seconds, rest = divmod(micros, 1_000_000)
    field.nanos = rest * 1000


def seconds(field: Message) -> float:
    """A Timestamp as Unix seconds, or a Duration as seconds."""
    return float(field.seconds + field.nanos / _NANO)


def set_duration(field: Message, length: float) -> None:
    """Write seconds into a Duration field."""
    whole = math.floor(length)
    field.seconds = whole
    field.nanos = round((length - whole) * _NANO)


def in_view(message: Message, view: int) -> Message:
    """A copy of a task as GetTask and ListTasks show it: the basic view leaves the body out."""
    copy = Task()
    copy.CopyFrom(message)
    if view == FULL:
        copy.view = FULL
    else:
        copy.view = BASIC
        copy.http_request.ClearField("body")
    return copy
