"""Faults that a person asks for: their values, checked, with refusals that say what would be right."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

Reader = Callable[[str, Any], Any]


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong, and the dice that decide when; a seed makes them fall the same way again."""

    seed: int | None = None
    dice: random.Random = field(default_factory=random.Random, repr=False)

    def happens(self, chance: float) -> bool:
        """Throw the dice; `chance` is from 0 to 1."""
        return chance > 0 and self.dice.random() < chance

    def shown(self) -> dict[str, Any]:
        """The faults as JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "dice"}


class FaultRefused(Exception):
    """The faults asked for cannot be set; the message names the key, the value and what to do."""


def read_values(wanted: object, readers: Mapping[str, Reader], *, of: str) -> dict[str, Any]:
    """The checked values of a JSON object of faults, and the dice that its `seed` makes repeatable.

    Raises:
        FaultRefused: not an object, an unknown key, or a value out of its range.
    """
    if not isinstance(wanted, dict):
        raise FaultRefused(f"send a JSON object of faults; known are {', '.join(sorted(readers))}")
    values: dict[str, Any] = {}
    for key, value in wanted.items():
        if key not in readers:
            raise FaultRefused(f"{key} is not a fault of {of}; known are {', '.join(sorted(readers))}")
        values[key] = readers[key](key, value)
    values["dice"] = random.Random(values.get("seed"))  # noqa: S311 - repeatable faults, nothing secret
    return values


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
