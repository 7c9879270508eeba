"""The manifest's queues in the local Cloud Tasks server, and the move of waiting tasks to a new gateway address."""

from collections.abc import Callable, Sequence

from infra.local.environment import PROJECT, REGION
from infra.local.tasks.engine import TaskEngine
from infra.local.tasks.messages import Message, Queue, set_duration
from infra.manifest import Manifest

LOCATION = f"projects/{PROJECT}/locations/{REGION}"


async def make_queues(engine: TaskEngine, manifest: Manifest) -> None:
    """Create or update each queue as the manifest says; pauses and tasks stay."""
    for queue in manifest.queues.values():
        for queue_id in queue.ids:
            message = Queue(name=f"{LOCATION}/queues/{queue_id}")
            message.rate_limits.max_dispatches_per_second = queue.max_dispatches_per_second
            message.rate_limits.max_concurrent_dispatches = queue.max_concurrent_dispatches
            message.retry_config.max_attempts = queue.retry.max_attempts
            message.retry_config.max_doublings = queue.retry.max_doublings
            set_duration(message.retry_config.max_retry_duration, queue.retry.max_retry_seconds)
            set_duration(message.retry_config.min_backoff, queue.retry.min_backoff_seconds)
            set_duration(message.retry_config.max_backoff, queue.retry.max_backoff_seconds)
            await engine.update_queue(message, [])


def mover(old_gateways: Sequence[str], new_gateway: str) -> Callable[[Message], bool]:
    """Points a task of an earlier start at this start's gateway; says whether it had to.

    The token's audience moves too, for functions check it against their own address.
    """

    def move(task: Message) -> bool:
        request = task.http_request
        for old in old_gateways:
            if request.url.startswith(f"{old}/"):
                request.url = new_gateway + request.url.removeprefix(old)
                if request.oidc_token.audience.startswith(f"{old}/"):
                    request.oidc_token.audience = new_gateway + request.oidc_token.audience.removeprefix(old)
                return True
        return False

    return move
