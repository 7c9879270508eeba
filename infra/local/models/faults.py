"""What goes wrong in the models sandbox when it is told to: for the next calls in turn, or for a share of all."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from infra.local.fault_values import FaultRefused, Faults, number, read_values, share, whole

HONEST = "ok"
# Refused, so not billed.
REFUSALS = {
    "rate_limited": 429,
    "rate_limited_with_delay": 429,  # with Retry-After
    "server_error": 500,
    "bad_gateway": 502,
    "unavailable": 503,
    "overloaded": 529,
    "bad_request": 400,
    "unauthorized": 401,
}
# No answer ever comes. The first closes the connection before anything is accepted; the others are billed.
SILENCES = ("reset_before", "reset_after", "hang")
# Billed and answered, but not as a client may hope (error_body is a 200 that is none, and is not billed).
GARBAGE = (
    "error_body",
    "empty",
    "not_json",
    "invalid_json",
    "unknown_tool",
    "huge",
    "endless",
    "wrong_language",
    "surrogates",
    "huge_number",
    "usage_missing",
    "refusal",
    "invented_citation",
)
KINDS = (HONEST, *REFUSALS, *SILENCES, *GARBAGE)
_LONGEST_DELAY_MS = 600_000
_MOST_NEXT = 1000


@dataclass(slots=True, kw_only=True)
class ModelFaults(Faults):
    """All off at first.

    next: kinds for the coming calls, one each ("ok" for an honest one). shares: kind → share of the calls after those.
    model: only this model's calls go wrong; None: everybody's. delay_ms: from acceptance to the answer.
    retry_after_seconds: what Retry-After says.
    """

    next: deque[str] = field(default_factory=deque)
    shares: dict[str, float] = field(default_factory=dict)
    model: str | None = None
    delay_ms: float = 0.0
    retry_after_seconds: float = 1.0

    def kind_for(self, model: str) -> str:
        """What becomes of this call."""
        if self.model not in {None, model}:
            return HONEST
        if self.next:
            return self.next.popleft()
        point = self.dice.random() if self.shares else 1.0
        for kind, chance in self.shares.items():
            point -= chance
            if point < 0:
                return kind
        return HONEST

    def shown(self) -> dict[str, Any]:
        """The faults as JSON."""
        # not super(): a dataclass with slots is made anew, and super() would name the one before
        return {**Faults.shown(self), "next": list(self.next)}


def _kind(value: Any) -> str:
    if value not in KINDS:
        raise FaultRefused(f"{value!r} is not a fault of the models sandbox; known are {', '.join(KINDS)}")
    return str(value)


def _next(key: str, value: Any) -> deque[str]:
    if not isinstance(value, list) or len(value) > _MOST_NEXT:
        raise FaultRefused(f"{key} must be a list of at most {_MOST_NEXT} kinds")
    return deque(_kind(kind) for kind in value)


def _shares(key: str, value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise FaultRefused(f"{key} must be an object of kinds and shares")
    read = {_kind(kind): share(f"{key}.{kind}", chance) for kind, chance in value.items()}
    if sum(read.values()) > 1:
        raise FaultRefused(f"{key} make more than 1 together")
    return read


def _model(key: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise FaultRefused(f"{key} = {value!r} is not the name of a model, nor null for all")
    return value


_READERS = {
    "next": _next,
    "shares": _shares,
    "model": _model,
    "delay_ms": number(0, _LONGEST_DELAY_MS),
    "retry_after_seconds": number(0, _LONGEST_DELAY_MS),
    "seed": whole,
}


def read_faults(wanted: object) -> ModelFaults:
    """The faults that a JSON object asks for; what it does not name is as at first.

    Raises:
        FaultRefused: an unknown key or kind, or a value out of its range.
    """
    return ModelFaults(**read_values(wanted, _READERS, of="the models sandbox"))
