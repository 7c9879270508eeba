"""What the service refuses, by its documented limits (reference of google-cloud-tasks, messages Task and Queue)."""

import re

from infra.local.tasks.messages import RUNNING, Message, Queue, seconds, set_duration, set_time
from infra.local.tasks.refusals import invalid, missing

_LOCATION = r"projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+"
_QUEUE = rf"{_LOCATION}/queues/[A-Za-z0-9-]{{1,100}}"
LOCATION_NAME = re.compile(rf"^{_LOCATION}$")
QUEUE_NAME = re.compile(rf"^{_QUEUE}$")
TASK_NAME = re.compile(rf"^({_QUEUE})/tasks/([A-Za-z0-9_-]{{1,500}})$")

MAX_AHEAD_SECONDS = 30 * 24 * 3600
MAX_TASK_BYTES = 100_000  # the client reference says 100 KB, newer quota pages 1 MB: what passes here passes everywhere
MAX_URL_CHARACTERS = 2083
MAX_HEADER_BYTES = 80_000
DEADLINE_SECONDS = (15, 1800)
DEFAULT_DEADLINE_SECONDS = 600
_BODY_METHODS = {0, 1, 4, 6}  # unspecified (POST), POST, PUT, PATCH
_MAX_RATE = 500
_MAX_CONCURRENT = 5000
_DEFAULT_CONCURRENT = 1000
_DEFAULT_ATTEMPTS = 100
_DEFAULT_MIN_BACKOFF = 0.1
_DEFAULT_MAX_BACKOFF = 3600
_DEFAULT_DOUBLINGS = 16


def check_queue_name(name: str, *, field: str = "name") -> None:
    """Refuse what is not projects/P/locations/L/queues/Q."""
    if not QUEUE_NAME.match(name):
        raise invalid(f"{field} {name!r} must be projects/PROJECT_ID/locations/LOCATION_ID/queues/QUEUE_ID.")


def check_location(name: str) -> None:
    """Refuse what is not projects/P/locations/L."""
    if not LOCATION_NAME.match(name):
        raise invalid(f"parent {name!r} must be projects/PROJECT_ID/locations/LOCATION_ID.")


def queue_of(task_name: str) -> str:
    """The queue's name inside a task's name."""
    match = TASK_NAME.match(task_name)
    if match is None:
        raise invalid(
            f"name {task_name!r} must be …/queues/QUEUE_ID/tasks/TASK_ID (letters, digits, - and _, up to 500)."
        )
    return match[1]


def check_new_task(task: Message, *, parent: str, now: float) -> None:
    """Refuse a task that the service would refuse; fills in the schedule time and deadline that were left out."""
    if task.name and queue_of(task.name) != parent:
        raise invalid(f"task name {task.name!r} is not in the queue {parent!r}.")
    if task.WhichOneof("message_type") != "http_request":
        raise invalid("task.http_request must be set: this server has no App Engine targets.")
    _check_request(task.http_request)
    if task.ByteSize() > MAX_TASK_BYTES:
        raise invalid(f"task is {task.ByteSize()} bytes, more than {MAX_TASK_BYTES}. Put ids into tasks, not content.")
    if task.HasField("dispatch_deadline"):
        low, high = DEADLINE_SECONDS
        if not low <= seconds(task.dispatch_deadline) <= high:
            raise invalid(
                f"dispatch_deadline must be from {low} s to {high} s, got {seconds(task.dispatch_deadline)} s."
            )
    else:
        set_duration(task.dispatch_deadline, DEFAULT_DEADLINE_SECONDS)
    wanted = seconds(task.schedule_time) if task.HasField("schedule_time") else now
    if wanted > now + MAX_AHEAD_SECONDS:
        raise invalid("schedule_time must be at most 30 days ahead.")
    set_time(task.schedule_time, max(wanted, now))


def _check_request(request: Message) -> None:
    if not request.url.startswith(("http://", "https://")):
        raise invalid(f"http_request.url {request.url[:80]!r} must begin with http:// or https://.")
    if len(request.url) > MAX_URL_CHARACTERS:
        raise invalid(f"http_request.url has {len(request.url)} characters, more than {MAX_URL_CHARACTERS}.")
    if request.body and request.http_method not in _BODY_METHODS:
        raise invalid("http_request.body is allowed with POST, PUT and PATCH only.")
    if sum(len(name) + len(value) for name, value in request.headers.items()) > MAX_HEADER_BYTES:
        raise invalid(f"http_request.headers are more than {MAX_HEADER_BYTES} bytes.")
    if request.WhichOneof("authorization_header") == "oauth_token":
        raise invalid("http_request.oauth_token is for Google's own APIs; this server signs oidc_token only.")
    if request.HasField("oidc_token") and "@" not in request.oidc_token.service_account_email:
        raise invalid("http_request.oidc_token.service_account_email must be the e-mail of a service account.")


def check_queue(queue: Message) -> None:
    """Refuse impossible limits; fills in the service's defaults for what was left out."""
    check_queue_name(queue.name, field="queue.name")
    limits, retry = queue.rate_limits, queue.retry_config
    if not 0 <= limits.max_dispatches_per_second <= _MAX_RATE:
        raise invalid(f"rate_limits.max_dispatches_per_second must be at most {_MAX_RATE}.")
    if not 0 <= limits.max_concurrent_dispatches <= _MAX_CONCURRENT:
        raise invalid(f"rate_limits.max_concurrent_dispatches must be at most {_MAX_CONCURRENT}.")
    if retry.max_attempts < -1:
        raise invalid("retry_config.max_attempts must be -1 (no limit) or more.")
    limits.max_dispatches_per_second = limits.max_dispatches_per_second or _MAX_RATE
    limits.max_concurrent_dispatches = limits.max_concurrent_dispatches or _DEFAULT_CONCURRENT
    limits.max_burst_size = max(1, round(limits.max_dispatches_per_second))
    fill_retry(retry)
    if seconds(retry.min_backoff) > seconds(retry.max_backoff):
        raise invalid("retry_config.min_backoff must not be longer than max_backoff.")


def fill_retry(retry: Message) -> None:
    """The service's defaults for the retry settings that were left out."""
    retry.max_attempts = retry.max_attempts or _DEFAULT_ATTEMPTS
    if not retry.HasField("max_retry_duration"):
        set_duration(retry.max_retry_duration, 0)
    if not retry.HasField("min_backoff"):
        set_duration(retry.min_backoff, _DEFAULT_MIN_BACKOFF)
    if not retry.HasField("max_backoff"):
        set_duration(retry.max_backoff, _DEFAULT_MAX_BACKOFF)
    retry.max_doublings = retry.max_doublings or _DEFAULT_DOUBLINGS


def updated_queue(old: Message | None, wanted: Message, paths: list[str]) -> Message:
    """The queue after UpdateQueue: all fields, or those of the mask; state and purge time stay as they were.

    The service creates a queue that does not exist, unless the mask names fields.
    """
    new = Queue()
    if old is None:
        if paths:
            raise missing(f"Queue {wanted.name} does not exist.")
        new.CopyFrom(wanted)
    elif paths:
        new.CopyFrom(old)
        for path in paths:
            _copy_path(wanted, new, path)
    else:
        new.CopyFrom(wanted)
    new.state = RUNNING if old is None else old.state
    if old is not None and old.HasField("purge_time"):
        new.purge_time.CopyFrom(old.purge_time)
    check_queue(new)
    return new


def _copy_path(source: Message, target: Message, path: str) -> None:
    *parents, leaf = path.split(".")
    for parent in parents:
        source, target = getattr(source, parent), getattr(target, parent)
    if leaf not in source.DESCRIPTOR.fields_by_name:
        raise invalid(f"update_mask path {path!r} is not a field of Queue.")
    value = getattr(source, leaf)
    if source.DESCRIPTOR.fields_by_name[leaf].message_type is not None:
        getattr(target, leaf).CopyFrom(value)
    else:
        setattr(target, leaf, value)
