"""Checks of the values by which a person asks for faults; each refusal says what would be right."""

from collections.abc import Callable
from typing import Any


class FaultRefused(Exception):
    """The faults asked for cannot be set; the message names the key, the value and what to do."""


def share(key: str, value: Any) -> float:
    """A number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise FaultRefused(f"{key} = {value!r} is not a share; give a number from 0 to 1")
    return float(value)


def switch(key: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise FaultRefused(f"{key} = {value!r} is not a switch; give true or false")
    return value


def switch_or_share(key: str, value: Any) -> float:
    """True (always), false (never), or a number from 0 to 1."""
    return float(value) if isinstance(value, bool) else share(key, value)


def whole(key: str, value: Any) -> int | None:
    """A whole number, or null."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise FaultRefused(f"{key} = {value!r} is not a whole number")
    return value


def number(low: float, high: float) -> Callable[[str, Any], float]:
    """A reader of numbers from low to high."""

    def read(key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise FaultRefused(f"{key} = {value!r} is out of range; give a number from {low:g} to {high:g}")
        return float(value)

    return read
