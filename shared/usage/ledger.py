"""The ledger of one execution's model calls: each is written down, with the most it may cost, before it is made."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from shared.kit.ids import new_id
from shared.platform.database import Database
from shared.platform.logs import get_logger
from shared.usage.models import CallState, CallUsage, FinishedCall, Purpose, StartedCall
from shared.usage.pricing import Priced, book_cost, own_cost, worst_cost
from shared.usage.queries import Account, start_attempt

# Above every model's price of output in November 2026 but a few for research: who calls a model without a price
# reaches the limit too early rather than too late.
WORST_USD_PER_MILLION: Final = Decimal(75)
_NOTHING: Final = CallUsage()
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Totals:
    """All calls together. The cost is None as soon as one price is unknown, 0 without calls."""

    usage: CallUsage
    cost_usd: Decimal | None
    price_version: str | None


class Ledger:
    """Keeps what was started and what it used, until somebody writes it down: the turn, however it ends.

    A call that is never finished, because the process died, keeps the most that it may use as the estimate.
    """

    def __init__(
        self, database: Database, *, account: Account, worst_usd_per_million: Decimal = WORST_USD_PER_MILLION
    ) -> None:
        self._database = database
        self._account = account
        self._worst = worst_usd_per_million
        self._lock = threading.Lock()
        self._made = 0
        self._open: dict[str, StartedCall] = {}
        self._finished: list[FinishedCall] = []

    def start(self, *, model: str, purpose: Purpose = "answer", most: CallUsage) -> StartedCall:
        """Writes one call down; only then may it be made. `most` is the most that it may use.

        Raises:
            SpendingLimitReached: leave it to the turn, which hands over to a person.
            Unavailable: the database is.
        """
        with self._lock:
            self._made += 1
            attempt = self._made
        attempt_id = new_id()
        entry = start_attempt(
            self._database,
            account=self._account,
            attempt_id=attempt_id,
            attempt=attempt,
            model=model,
            purpose=purpose,
            most=most,
            book=book_cost(model, most),
            worst_usd=worst_cost(most, usd_per_million=self._worst),
        )
        for limit_id in entry.warned:
            _log.warning("spending limit is near", limit_id=limit_id, **self._whose())
        call = StartedCall(
            id=attempt_id,
            started_at=entry.started_at,
            model=model,
            purpose=purpose,
            most=most,
            own_price=entry.own_price,
        )
        with self._lock:
            self._open[str(attempt_id)] = call
        return call

    def finish(
        self,
        call: StartedCall,
        *,
        usage: CallUsage | None,
        state: CallState = "succeeded",
        error_code: str | None = None,
    ) -> None:
        """Keeps what a call used. `usage` None: nobody told, so the most that it may have used is the estimate.

        A failed call is known not to be billed: it used and cost nothing. The first word on a call stands.
        """
        with self._lock:
            if self._open.pop(str(call.id), None) is None:
                return
        finished = self._priced(call, usage=usage, state=state, error_code=error_code)
        with self._lock:
            self._finished.append(finished)

    def close(self, *, error_code: str | None = None) -> tuple[FinishedCall, ...]:
        """All calls, in the order of their ends; those that are still open become estimates, with this code."""
        for call in list(self._open.values()):
            self.finish(call, usage=None, state="estimated", error_code=error_code or "never_finished")
        with self._lock:
            return tuple(self._finished)

    def _priced(
        self, call: StartedCall, *, usage: CallUsage | None, state: CallState, error_code: str | None
    ) -> FinishedCall:
        if state == "failed":
            return FinishedCall(call, state, _NOTHING, Decimal(0), Decimal(0), None, error_code)
        if usage is None or not usage.is_plausible:
            usage, state = call.most, "estimated"
        price = self._price(call, usage)
        return FinishedCall(
            call=call,
            state=state,
            usage=usage,
            cost_usd=None if price is None else price.cost_usd,
            worst_usd=worst_cost(usage, usd_per_million=self._worst),
            price_version=None if price is None else price.version,
            error_code=error_code,
        )

    def _price(self, call: StartedCall, usage: CallUsage) -> Priced | None:
        price = own_cost(call.own_price, usage) if call.own_price else book_cost(call.model, usage)
        if price is None:
            _log.warning("a model has no price", model=call.model, **self._whose())
        return price

    def _whose(self) -> dict[str, str]:
        return {
            "organization_id": str(self._account.organization_id),
            "execution_id": str(self._account.execution_id),
        }


def totals(calls: Iterable[FinishedCall]) -> Totals:
    """The sum of an execution's calls, as its row has it."""
    done = tuple(calls)
    costs = [call.cost_usd for call in done]
    known = [cost for cost in costs if cost is not None]
    versions = sorted({call.price_version for call in done if call.price_version})
    return Totals(
        usage=CallUsage(
            input_tokens=sum(call.usage.input_tokens for call in done),
            output_tokens=sum(call.usage.output_tokens for call in done),
            cached_tokens=sum(call.usage.cached_tokens for call in done),
            cache_write_tokens=sum(call.usage.cache_write_tokens for call in done),
            audio_tokens=sum(call.usage.audio_tokens for call in done),
        ),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        price_version=", ".join(versions)[:200] or None,
    )
