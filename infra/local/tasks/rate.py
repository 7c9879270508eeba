"""A token bucket: how fast a queue may dispatch."""


class TokenBucket:
    """Holds up to `burst` tokens and gains `rate` of them a second; one is spent for each dispatch.

    Times are seconds of any clock that only goes forward.
    """

    def __init__(self, *, rate: float, burst: float, now: float) -> None:
        """Begin full."""
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def spend(self, now: float) -> bool:
        """Take one token if there is one."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def wait(self) -> float:
        """Seconds until the next token, as of the last spend."""
        return max(0.0, (1 - self._tokens) / self._rate)
