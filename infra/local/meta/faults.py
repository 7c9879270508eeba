"""What goes wrong in the Meta sandbox when it is told to."""

from dataclasses import dataclass
from typing import Any

from infra.local.fault_values import FaultRefused, Faults, number, read_values, share, switch_or_share, whole
from infra.local.meta.graph_errors import KNOWN_CODES

_LONGEST_DELAY_MS = 600_000


@dataclass(slots=True, kw_only=True)
class MetaFaults(Faults):
    """All off at first. Shares are from 0 to 1.

    dropped_share: accepted, recorded, and the connection closed without an answer. error_share: HTTP 500 and nothing
    accepted. error_code: refused with this Graph error, or error_code_share of the calls. delay_ms: between acceptance
    and answer. statuses_lost_share: of the accepted messages, those of which no status ever comes.
    statuses_out_of_order: share whose statuses come backwards. status_delay_ms: from acceptance to the first status;
    the others follow after half of that each.
    """

    dropped_share: float = 0.0
    error_share: float = 0.0
    delay_ms: float = 0.0
    error_code: int | None = None
    error_code_share: float = 1.0
    statuses_lost_share: float = 0.0
    statuses_out_of_order: float = 0.0
    status_delay_ms: float = 300.0


def _error_code(key: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in KNOWN_CODES:
        raise FaultRefused(
            f"{key} = {value!r} is not a Graph error that the sandbox knows; known are {sorted(KNOWN_CODES)}"
        )
    return value


_READERS = {
    "dropped_share": share,
    "error_share": share,
    "delay_ms": number(0, _LONGEST_DELAY_MS),
    "error_code": _error_code,
    "error_code_share": share,
    "statuses_lost_share": share,
    "statuses_out_of_order": switch_or_share,
    "status_delay_ms": number(0, _LONGEST_DELAY_MS),
    "seed": whole,
}


def read_faults(wanted: object) -> MetaFaults:
    """The faults that a JSON object asks for; what it does not name is as at first.

    Raises:
        FaultRefused: an unknown key or a value out of its range.
    """
    return MetaFaults(**read_values(wanted, _READERS, of="the sandbox"))
