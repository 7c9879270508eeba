"""What goes wrong in the Meta sandbox when it is told to, on one channel or on all."""

from dataclasses import dataclass
from typing import Any

from infra.local.fault_values import FaultRefused, Faults, number, read_values, share, switch_or_share, whole
from infra.local.meta.graph_errors import KNOWN_CODES

CHANNELS = ("whatsapp", "instagram", "messenger")
_LONGEST_DELAY_MS = 600_000
_MOST = 100_000


@dataclass(slots=True, kw_only=True)
class MetaFaults(Faults):
    """All off at first. Shares are from 0 to 1.

    channel: the faults are this one's alone; None: everybody's. dropped_share: accepted, recorded, and the connection
    closed without an answer. error_share: HTTP 500 and nothing accepted. error_code: refused with this Graph error (and
    error_subcode), or error_code_share of the calls. delay_ms: between acceptance and answer. statuses_lost_share: of
    the accepted messages, those of which no status, delivery or read ever comes. statuses_out_of_order: share whose
    statuses come backwards. status_delay_ms: from acceptance to the first status; the others follow after half of that
    each. echoes_lost_share: of the messages on Instagram and Messenger, those that are not echoed. window_as_status:
    share of WhatsApp messages outside the window that are accepted and fail later, as Meta mostly does; the others are
    refused at once. throughput_per_second: of one number or account (130429, 613). pair_burst: to one customer, then
    one in 6 s (131056). media_url_seconds: how long a medium's URL is good. media_error_share: of downloads, HTTP 500.
    """

    channel: str | None = None
    dropped_share: float = 0.0
    error_share: float = 0.0
    delay_ms: float = 0.0
    error_code: int | None = None
    error_subcode: int | None = None
    error_code_share: float = 1.0
    statuses_lost_share: float = 0.0
    statuses_out_of_order: float = 0.0
    status_delay_ms: float = 300.0
    echoes_lost_share: float = 0.0
    window_as_status: float = 1.0
    throughput_per_second: float | None = None
    pair_burst: float | None = None
    media_url_seconds: float = 300.0
    media_error_share: float = 0.0

    def on(self, channel: str) -> "MetaFaults":
        """What goes wrong on this channel: these, or nothing when they are another's."""
        if self.channel in {None, channel}:
            return self
        return MetaFaults(status_delay_ms=self.status_delay_ms)


def _error_code(key: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in KNOWN_CODES:
        raise FaultRefused(
            f"{key} = {value!r} is not a Graph error that the sandbox knows; known are {sorted(KNOWN_CODES)}"
        )
    return value


def _channel(key: str, value: Any) -> str | None:
    if value is not None and value not in CHANNELS:
        raise FaultRefused(f"{key} = {value!r} is not a channel; give one of {', '.join(CHANNELS)}, or null for all")
    return None if value is None else str(value)


def _limit(key: str, value: Any) -> float | None:
    return None if value is None else number(1, _MOST)(key, value)


_READERS = {
    "channel": _channel,
    "dropped_share": share,
    "error_share": share,
    "delay_ms": number(0, _LONGEST_DELAY_MS),
    "error_code": _error_code,
    "error_subcode": whole,
    "error_code_share": share,
    "statuses_lost_share": share,
    "statuses_out_of_order": switch_or_share,
    "status_delay_ms": number(0, _LONGEST_DELAY_MS),
    "echoes_lost_share": share,
    "window_as_status": switch_or_share,
    "throughput_per_second": _limit,
    "pair_burst": _limit,
    "media_url_seconds": number(0, _MOST),
    "media_error_share": share,
    "seed": whole,
}


def read_faults(wanted: object) -> MetaFaults:
    """The faults that a JSON object asks for; what it does not name is as at first.

    Raises:
        FaultRefused: an unknown key or a value out of its range.
    """
    return MetaFaults(**read_values(wanted, _READERS, of="the sandbox"))
