"""Misbehaviour on command: duplicates, losses, delays, the wrong order and refused creates."""

from dataclasses import dataclass

from infra.local.fault_values import Faults, number, read_values, share, switch, whole

_LONGEST_DELAY_MS = 3_600_000
_LONGEST_WINDOW_MS = 60_000


@dataclass(slots=True, kw_only=True)
class TaskFaults(Faults):
    """What goes wrong with tasks; all off at first.

    Shares are from 0 to 1. A duplicate is delivered while the first delivery still runs. A dropped task is gone without
    a delivery. `reverse` gathers the tasks that are due within `reverse_window_ms` and delivers the newest first.
    """

    duplicate_share: float = 0.0
    drop_share: float = 0.0
    delay_ms: float = 0.0
    reverse: bool = False
    reverse_window_ms: float = 500.0
    refuse_creates_share: float = 0.0


_READERS = {
    "duplicate_share": share,
    "drop_share": share,
    "delay_ms": number(0, _LONGEST_DELAY_MS),
    "reverse": switch,
    "reverse_window_ms": number(1, _LONGEST_WINDOW_MS),
    "refuse_creates_share": share,
    "seed": whole,
}


def read_faults(wanted: object) -> TaskFaults:
    """The faults that a JSON object asks for; what it does not name is off.

    Raises:
        FaultRefused: an unknown key or a value out of its range.
    """
    return TaskFaults(**read_values(wanted, _READERS, of="the queue"))
