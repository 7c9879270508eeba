"""Says something to the database again when it did not answer, for statements that may be said twice."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from shared.kit.errors import Unavailable

Result = TypeVar("Result")

# A failover's first second or a full pool is outlasted; a longer trouble is the queue's and the sweep's.
_PAUSES: Final = (0.1, 0.5)


def insist(unit: Callable[[], Result]) -> Result:
    """The unit's result; tried three times in all while it raises Unavailable.

    What the database did before its answer was lost must not be done twice by a repetition: the unit is guarded
    by a fence or by an attempt's number.
    """
    for pause in _PAUSES:
        try:
            return unit()
        except Unavailable:
            time.sleep(pause)
    return unit()
