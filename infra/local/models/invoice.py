"""What the sandbox has been asked, and the invoice of what it accepted, in memory and as JSON lines.

A line is handed to the system before the call is answered, so the invoice survives a stack that is killed.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

_PER = Decimal(1_000_000)
DEFAULT_PRICE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    input: Decimal
    output: Decimal
    cached: Decimal

    def of(self, *, input_tokens: int, cached_tokens: int, output_tokens: int) -> Decimal:
        """What a call costs; cached tokens are part of the input tokens and have a price of their own."""
        fresh = (input_tokens - cached_tokens) * self.input
        return (fresh + cached_tokens * self.cached + output_tokens * self.output) / _PER


def read_prices(wanted: dict[str, Any]) -> dict[str, Price]:
    """Model → {"input", "output", "cached"?} in US dollars for a million tokens, as numbers or texts.

    Raises ValueError for anything else. The model "default" is every model that is not named.
    """
    prices = {}
    for model, per in wanted.items():
        try:
            fresh, output = Decimal(str(per["input"])), Decimal(str(per["output"]))
            prices[model] = Price(input=fresh, output=output, cached=Decimal(str(per.get("cached", per["input"]))))
        except (ArithmeticError, AttributeError, KeyError, TypeError) as wrong:
            raise ValueError(f"{model}: give input and output, in US dollars for a million tokens") from wrong
    return prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as it came: `kind` is what became of it, `request` its body."""

    time: str  # RFC 3339, UTC
    call_id: str | None
    model: str
    kind: str
    billed: bool
    request: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the invoice. `answered` is false when the answer was dropped; `cost_usd` is an exact decimal."""

    time: str
    call_id: str | None
    model: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: str
    answered: bool


@dataclass(slots=True)
class Invoice:
    """Calls and lines since the last clearing, in order."""

    file: Path
    prices: dict[str, Price] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    _handle: int = -1

    def open(self) -> None:
        """Read the lines of earlier runs, and go on writing."""
        if self.file.exists():
            for written in self.file.read_bytes().splitlines():
                try:
                    self.lines.append(Line(**json.loads(written)))
                except (ValueError, TypeError):
                    continue  # the last line of a run that was killed in the middle of it
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def clear(self) -> None:
        """Forget everything but the prices."""
        self.calls.clear()
        self.lines.clear()
        os.ftruncate(self._handle, 0)

    def bill(self, call: Call, *, input_tokens: int, output_tokens: int, cached_tokens: int, answered: bool) -> None:
        """Write a call down that was accepted."""
        price = self.prices.get(call.model) or self.prices[DEFAULT_PRICE]
        used = {"input_tokens": input_tokens, "cached_tokens": cached_tokens, "output_tokens": output_tokens}
        line = Line(
            time=call.time,
            call_id=call.call_id,
            model=call.model,
            cost_usd=str(price.of(**used)),
            answered=answered,
            **used,
        )
        self.lines.append(line)
        os.write(self._handle, json.dumps(asdict(line), separators=(",", ":")).encode() + b"\n")

    @property
    def total_usd(self) -> str:
        """The sum, exact."""
        return str(sum((Decimal(line.cost_usd) for line in self.lines), Decimal(0)))
