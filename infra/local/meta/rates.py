"""How fast messages may be sent: buckets that fill again, per number and per pair of number and customer.

Cloud API, "Throughput" (80 messages a second of a number unless raised; 130429) and "Pair rate limits" (one message in
6 seconds to the same customer, with a burst of 45; 131056).
"""

import time
from dataclasses import dataclass, field

PAIR_SECONDS = 6.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Rates:
    """The buckets of everybody, by any key."""

    _buckets: dict[tuple[str, ...], _Bucket] = field(default_factory=dict)

    def clear(self) -> None:
        """All are full again."""
        self._buckets.clear()

    def take(self, *key: str, burst: float, per_second: float) -> bool:
        """Take one from the bucket; False when it is empty."""
        now = time.monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(burst, now))
        bucket.left = min(burst, bucket.left + (now - bucket.at) * per_second)
        bucket.at = now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True
