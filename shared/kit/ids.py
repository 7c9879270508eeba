"""Row ids: UUIDv7 (RFC 9562), so that new rows land at the right end of their index and sort by their making."""

import os
import secrets
import threading
import time
from uuid import UUID

_TAIL_BITS = 74  # 12 bits of rand_a and 62 bits of rand_b
_STEP_BITS = 32  # a random step keeps the next id of the same millisecond unguessable
_VERSION = 7 << 76
_VARIANT = 0b10 << 62
_RAND_B = (1 << 62) - 1

_lock = threading.Lock()
_last = (0, 0)


def new_id() -> UUID:
    """Return a UUIDv7 greater than every one that this process returned before, also when the clock steps back."""
    global _last  # noqa: PLW0603 (the process's own sequence)
    with _lock:
        millisecond, tail = _last
        now = time.time_ns() // 1_000_000
        if now > millisecond:
            # the top bit stays free, so that steps within one millisecond cannot overflow
            millisecond, tail = now, secrets.randbits(_TAIL_BITS - 1)
        else:
            tail += 1 + secrets.randbits(_STEP_BITS)
            if tail >> _TAIL_BITS:
                millisecond, tail = millisecond + 1, secrets.randbits(_TAIL_BITS - 1)
        _last = (millisecond, tail)
    return UUID(int=millisecond << 80 | _VERSION | (tail >> 62) << 64 | _VARIANT | tail & _RAND_B)


def _forget() -> None:
    global _last, _lock  # noqa: PLW0603 (a forked child must not continue its parent's sequence)
    _lock = threading.Lock()
    _last = (0, 0)


os.register_at_fork(after_in_child=_forget)
