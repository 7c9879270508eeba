"""The arithmetic of retries and rates, by the service's own examples and by properties."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.local.tasks.messages import Message, Queue, set_duration
from infra.local.tasks.rate import TokenBucket
from infra.local.tasks.retry import backoff, next_wait, spent


def _retry(
    *, first: float = 10, longest: float = 300, doublings: int = 3, attempts: int = 5, duration: float = 0
) -> Message:
    retry = Queue().retry_config
    set_duration(retry.min_backoff, first)
    set_duration(retry.max_backoff, longest)
    set_duration(retry.max_retry_duration, duration)
    retry.max_doublings, retry.max_attempts = doublings, attempts
    return retry


def test_the_pauses_are_those_of_the_reference() -> None:
    """The example in the reference of RetryConfig.max_doublings."""
    assert [backoff(_retry(), failures=n) for n in range(1, 9)] == [10, 20, 40, 80, 160, 240, 300, 300]


@given(
    first=st.floats(0.1, 60), longest=st.floats(60, 3600), doublings=st.integers(1, 16), failures=st.integers(1, 200)
)
def test_pauses_never_shrink_and_stay_within_their_limits(
    first: float, longest: float, doublings: int, failures: int
) -> None:
    retry = _retry(first=first, longest=longest, doublings=doublings)
    now, later = backoff(retry, failures=failures), backoff(retry, failures=failures + 1)
    assert first * 0.999 <= now <= later <= longest * 1.001


def test_the_worker_may_ask_for_a_longer_pause_but_not_for_a_shorter_one() -> None:
    assert next_wait(_retry(), failures=1, retry_after=100) == 100
    assert next_wait(_retry(), failures=1, retry_after=1) == 10
    assert next_wait(_retry(), failures=1, retry_after=10**9) == 3600


def test_both_limits_must_be_spent() -> None:
    both = _retry(attempts=5, duration=60)
    assert not spent(both, attempts=5, since_first_attempt=59)
    assert not spent(both, attempts=4, since_first_attempt=61)
    assert spent(both, attempts=5, since_first_attempt=60)
    assert spent(_retry(attempts=5), attempts=5, since_first_attempt=0)
    assert not spent(_retry(attempts=-1, duration=60), attempts=1000, since_first_attempt=59)
    assert spent(_retry(attempts=-1, duration=60), attempts=1, since_first_attempt=60)
    assert not spent(_retry(attempts=-1), attempts=10**6, since_first_attempt=10**9)


@given(rate=st.floats(0.5, 500), steps=st.lists(st.floats(0, 2), min_size=1, max_size=200))
def test_a_bucket_never_gives_more_than_its_burst_and_its_rate(rate: float, steps: list[float]) -> None:
    bucket, now, given_out = TokenBucket(rate=rate, burst=10, now=0), 0.0, 0
    for step in steps:
        now += step
        given_out += bucket.spend(now)
    assert given_out <= 10 + rate * now + 1e-6
