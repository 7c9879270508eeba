"""The statements of the ledger of model calls; each is one round trip."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from shared.platform.database import Database
from shared.usage.models import CallUsage, FinishedCall, OwnPrice, Purpose, SpendingLimitReached
from shared.usage.pricing import Priced

_START: Final = (
    "SELECT agents.start_attempt(:organization_id, :conversation_id, :agent_id, :execution_id, :attempt_id, :fence,"
    " :attempt, :model, :purpose, CAST(:most AS jsonb), CAST(:book AS jsonb), :worst)"
)
_SETTLE: Final = "SELECT agents.settle_attempts(:organization_id, CAST(:attempts AS jsonb))"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose calls these are, and what they are made for: a turn of a conversation, a transfer, a run of an agent."""

    organization_id: UUID
    execution_id: UUID
    conversation_id: UUID | None = None
    agent_id: UUID | None = None
    fence: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger as it was written: the database's time, the price that is valid, and who must be told."""

    started_at: str
    own_price: OwnPrice | None
    warned: tuple[str, ...]


def start_attempt(  # noqa: PLR0913 - the columns of one row
    database: Database,
    *,
    account: Account,
    attempt_id: UUID,
    attempt: int,
    model: str,
    purpose: Purpose,
    most: CallUsage,
    book: Priced | None,
    worst_usd: Decimal,
) -> Entry:
    """Writes down a model call before it is made. `attempt` counts the account's calls.

    Raises:
        SpendingLimitReached: nothing was written and it must not be made.
    """
    priced = None if book is None else {"cost_usd": str(book.cost_usd), "price_version": book.version}
    rows = database.tenant_once(
        account.organization_id,
        _START,
        organization_id=account.organization_id,
        conversation_id=account.conversation_id,
        agent_id=account.agent_id,
        execution_id=account.execution_id,
        attempt_id=attempt_id,
        fence=account.fence,
        attempt=attempt,
        model=model,
        purpose=purpose,
        most=json.dumps(most.as_data()),
        book=None if priced is None else json.dumps(priced),
        worst=worst_usd,
    )
    written = rows[0][0]
    if written.get("refused"):
        raise SpendingLimitReached
    return Entry(
        started_at=written["started_at"], own_price=_own_price(written["price"]), warned=tuple(written["warned"])
    )


def _own_price(found: dict[str, Any] | None) -> OwnPrice | None:
    if found is None:
        return None
    rates = {name: None if rate is None else Decimal(rate) for name, rate in found.items() if name != "version"}
    return OwnPrice(version=found["version"], **rates)  # type: ignore[arg-type] # two are never null


def settle_attempts(database: Database, *, organization_id: UUID, calls: Iterable[FinishedCall]) -> None:
    """Writes down what calls used that are not settled with a turn. Again is harmless."""
    database.tenant_once(
        organization_id,
        _SETTLE,
        organization_id=organization_id,
        attempts=json.dumps([settlement(call) for call in calls]),
    )


def settlement(finished: FinishedCall) -> dict[str, Any]:
    """One of what agents.settle_attempts takes; money as text, because JSON's numbers are not exact."""
    cost = finished.cost_usd
    return {
        "id": str(finished.call.id),
        "started_at": finished.call.started_at,
        "state": finished.state,
        "error_code": finished.error_code,
        **finished.usage.as_data(),
        "reserved_cost_usd": str(finished.worst_usd) if cost is None else None,
        "cost_usd": None if cost is None else str(cost),
        "price_version": finished.price_version,
    }
