"""The ledger of one turn's model calls: each is written down, with the most it may cost, before it is made."""

from decimal import Decimal
from uuid import UUID

from shared.agents.responder import SpendingLimitReached, StartedCall
from shared.conversations.models import ClaimedTurn
from shared.conversations.queries import start_call
from shared.kit.ids import new_id
from shared.platform.database import Database


class Ledger:
    """Counts the calls of one execution; a call that is never settled keeps its reserved cost as the estimate."""

    def __init__(self, database: Database, *, claimed: ClaimedTurn, execution_id: UUID) -> None:
        self._database = database
        self._claimed = claimed
        self._execution_id = execution_id
        self._made = 0

    def __call__(self, *, model: str, reserved_cost_usd: Decimal | None) -> StartedCall:
        """Writes one call down; only then may it be made. Raises SpendingLimitReached, Unavailable."""
        self._made += 1
        attempt_id = new_id()
        started_at = start_call(
            self._database,
            claimed=self._claimed,
            execution_id=self._execution_id,
            attempt_id=attempt_id,
            attempt=self._made,
            model=model,
            reserved_cost_usd=reserved_cost_usd,
        )
        if started_at is None:
            raise SpendingLimitReached
        return StartedCall(id=attempt_id, started_at=started_at.isoformat(), model=model)
