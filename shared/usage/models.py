"""The words of the ledger: what a call may use and has used, what it was for, and how it ended."""

from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

Purpose = Literal["answer", "rewrite", "guard", "embedding", "transcription", "description", "faq"]
# "failed" is known not to be billed; "estimated" may be, and nobody told for how much.
CallState = Literal["succeeded", "failed", "estimated"]

# The columns are INTEGER. A provider that tells more than this tells nothing.
_MOST_TOKENS: Final = 2**31 - 1


class SpendingLimitReached(Exception):
    """A model call may not be made: what it may cost does not fit into the limit of the organization or the agent."""


@dataclass(frozen=True, slots=True)
class CallUsage:
    """Tokens of one call. The input's include those that were cached, written to a cache, or audio."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    audio_tokens: int = 0

    @property
    def is_plausible(self) -> bool:
        """Whether these can be numbers of tokens; a provider's answer may say anything."""
        counts: list[Any] = [getattr(self, each.name) for each in fields(self)]
        if not all(isinstance(count, int) and 0 <= count <= _MOST_TOKENS for count in counts):
            return False
        return self.cached_tokens + self.cache_write_tokens + self.audio_tokens <= self.input_tokens

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def as_data(self) -> dict[str, int]:
        """As the ledger's statements take it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """An organization's price of a model, in US dollars for a million tokens; None is the input's price."""

    version: str
    input_price: Decimal
    output_price: Decimal
    cached_input_price: Decimal | None = None
    cache_write_price: Decimal | None = None
    audio_input_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StartedCall:
    """One model call that is accounted before it is made. `started_at` is the database's time, as ISO 8601.

    `own_price` is the organization's own, None when the default book is asked.
    """

    id: UUID
    started_at: str
    model: str
    purpose: Purpose = "answer"
    most: CallUsage = field(default_factory=CallUsage)
    own_price: OwnPrice | None = None


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """What a call used and cost. `cost_usd` is None when no price is known, and then `worst_usd` counts for limits."""

    call: StartedCall
    state: CallState
    usage: CallUsage
    cost_usd: Decimal | None
    worst_usd: Decimal
    price_version: str | None
    error_code: str | None = None
