"""What a call costs, exactly: by the organization's own price, else by the default book, else nobody knows.

Nothing here is a float, and an unknown price is None and never 0.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from shared.usage.models import CallUsage, OwnPrice

_MILLION: Final = Decimal(1_000_000)
_COST: Final = Decimal("0.0000000001")  # NUMERIC(20, 10), as the ledger keeps it


@dataclass(frozen=True, slots=True)
class Priced:
    """A cost in US dollars and the version of the book that says so."""

    cost_usd: Decimal
    version: str


def own_cost(price: OwnPrice, usage: CallUsage) -> Priced:
    """By an organization's own price; agents.cost_at computes the same."""

    def rate(special: Decimal | None) -> Decimal:
        return price.input_price if special is None else special

    plain = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens - usage.audio_tokens
    cost = (
        max(0, plain) * price.input_price
        + usage.cached_tokens * rate(price.cached_input_price)
        + usage.cache_write_tokens * rate(price.cache_write_price)
        + usage.audio_tokens * rate(price.audio_input_price)
        + usage.output_tokens * price.output_price
    ) / _MILLION
    return Priced(cost_usd=_exact(cost), version=price.version)


def book_cost(model: str, usage: CallUsage, *, at: datetime | None = None) -> Priced | None:
    """By the default book: the prices inside the installed package genai-prices, at a moment (now).

    None when it does not know the model, or prices it by something else than tokens.
    `model` is "provider:name". The package's updates from the network are never switched on.
    """
    import genai_prices  # noqa: PLC0415 (1.6 MB of prices: a model's call needs them, a start does not)

    provider, _, name = model.partition(":")
    if not name:
        return None
    used = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        input_audio_tokens=usage.audio_tokens,
    )
    try:
        found = genai_prices.calc_price(used, name, provider_id=provider, genai_request_timestamp=at)
    except LookupError:
        return None
    if getattr(found.model_price, "input_mtok", None) is None:
        return None  # such as a transcription that is paid by the hour
    return Priced(cost_usd=_exact(found.total_price), version=f"genai-prices {genai_prices.__version__}")


def worst_cost(usage: CallUsage, *, usd_per_million: Decimal) -> Decimal:
    """What counts for a model that nobody has a price of: all its tokens at the worst price."""
    return _exact(usage.tokens * usd_per_million / _MILLION)


def _exact(cost: Decimal) -> Decimal:
    return cost.quantize(_COST, rounding=ROUND_HALF_UP)
