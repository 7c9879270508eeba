"""The calls of a paid model of vectors, in the ledger: written down before each is made, settled when the work ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from shared.platform.database import Database
from shared.usage.ledger import Ledger
from shared.usage.models import CallState, CallUsage, Purpose, StartedCall
from shared.usage.queries import Account, settle_attempts


class EmbeddingLedger(Protocol):
    """What an embedder needs of a ledger; that of a turn is one, and so is `shared.usage.ledger.Ledger`."""

    def start(self, *, model: str, purpose: Purpose = "answer", most: CallUsage) -> StartedCall:
        """Raises SpendingLimitReached or Unavailable when the call may not be made."""

    def finish(
        self,
        call: StartedCall,
        *,
        usage: CallUsage | None,
        state: CallState = "succeeded",
        error_code: str | None = None,
    ) -> None:
        """What the call used; None: nobody told. "failed" is known not to be billed."""


@contextmanager
def accounted(database: Database, organization_id: UUID, *, work_id: UUID) -> Iterator[Ledger]:
    """A ledger for one piece of work outside of turns; what was called is settled however the block ends.

    A process that dies in it leaves rows that the sweep settles as estimates.
    """
    ledger = Ledger(database, account=Account(organization_id=organization_id, execution_id=work_id))
    try:
        yield ledger
    finally:
        calls = ledger.close()
        if calls:
            settle_attempts(database, organization_id=organization_id, calls=calls)
