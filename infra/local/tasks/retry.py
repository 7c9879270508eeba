"""When a failed task is tried again, and when it is given up. Pure arithmetic, after the reference of RetryConfig."""

from infra.local.tasks.messages import Message, seconds

_LONGEST_RETRY_AFTER = 3600.0


def backoff(retry: Message, *, failures: int) -> float:
    """Seconds to wait after the nth failure (from 1).

    Begins at min_backoff, doubles max_doublings times, then grows evenly by 2**max_doublings * min_backoff, and stays
    at max_backoff: with 10 s, 3 doublings and 300 s it is 10, 20, 40, 80, 160, 240, 300, 300, …
    """
    first, longest, doublings = seconds(retry.min_backoff), seconds(retry.max_backoff), retry.max_doublings
    if failures <= doublings + 1:
        return float(min(longest, first * 2 ** (failures - 1)))
    step = first * 2**doublings
    return float(min(longest, step * (failures - doublings)))


def next_wait(retry: Message, *, failures: int, retry_after: float | None) -> float:
    """Seconds until the next attempt: the backoff, or what the worker asked for in Retry-After if that is longer."""
    return max(backoff(retry, failures=failures), min(retry_after or 0.0, _LONGEST_RETRY_AFTER))


def spent(retry: Message, *, attempts: int, since_first_attempt: float) -> bool:
    """Whether a task is given up: attempts and duration must both be spent; a duration of 0 sets no limit itself."""
    limit, duration = retry.max_attempts, seconds(retry.max_retry_duration)
    if limit < 0 and duration == 0:
        return False
    return (limit < 0 or attempts >= limit) and since_first_attempt >= duration
