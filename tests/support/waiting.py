"""Waits for what a test expects, instead of sleeping and hoping."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


def eventually(check: Callable[[], Result], *, within: float = 10.0, interval: float = 0.02) -> Result:
    """The first true result of `check`, asked again and again for `within` seconds; then AssertionError.

    An AssertionError of `check` counts as "not yet" and is the cause of the final one.
    """
    deadline = time.monotonic() + within
    while True:
        failure: AssertionError | None = None
        result: Result | None = None
        try:
            result = check()
        except AssertionError as error:
            failure = error
        if failure is None and result:
            return result
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {within} s: {getattr(check, '__qualname__', check)}") from failure
        time.sleep(interval)
