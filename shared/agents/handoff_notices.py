"""What a customer who waits for a person is told where no answer said it (H-04, H-07).

That one was called, and later, once, that nobody has come yet.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import Row

from shared.agents.person_called import Business, person_called, still_waiting
from shared.channels.payloads import text_payload
from shared.kit.clock import utc_now
from shared.kit.ids import new_id
from shared.platform.database import Database

MOVES: Final = (
    "SELECT organization_id, handoff_id, conversation_id, what, reason, requested_at, name, locale, timezone, settings"
    " FROM agents.handoffs_to_move(CAST(:conversation_id AS uuid), :grace, :batch)"
)
QUEUE_NOTICE: Final = "SELECT agents.queue_notice(:organization_id, :handoff_id, :kind, CAST(:message AS jsonb))"


@dataclass(frozen=True, slots=True)
class Move:
    """An open hand-over for which something is due: 'tell' the customer, 'alert' people, 'update' the customer."""

    organization_id: UUID
    handoff_id: UUID
    conversation_id: UUID
    what: str
    reason: str
    requested_at: datetime
    business: Business

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """A row of MOVES."""
        return cls(
            organization_id=row.organization_id,
            handoff_id=row.handoff_id,
            conversation_id=row.conversation_id,
            what=row.what,
            reason=row.reason,
            requested_at=row.requested_at,
            business=Business(name=row.name, locale=row.locale, timezone=row.timezone, settings=row.settings),
        )


def notice(move: Move, *, now: datetime) -> tuple[UUID, dict[str, Any]]:
    """The outbox id of what is said for a 'tell' or an 'update', and the values of QUEUE_NOTICE."""
    text = (person_called if move.what == "tell" else still_waiting)(move.business, now=now)
    outbox_id = new_id()
    message = {
        "outbox_id": str(outbox_id),
        "message_id": str(new_id()),
        "text": text,
        "payload": text_payload(text),
    }
    return outbox_id, {
        "organization_id": move.organization_id,
        "handoff_id": move.handoff_id,
        "kind": "handoff" if move.what == "tell" else "update",
        "message": json.dumps(message, ensure_ascii=False),
    }


def tell_customer(database: Database, *, organization_id: UUID, conversation_id: UUID) -> UUID | None:
    """Queues the sentence of a hand-over that was just made; its outbox id, None when there is nothing to say."""
    rows = database.tenant_once(organization_id, MOVES, conversation_id=conversation_id, grace=0.0, batch=1)
    if not rows or rows[0].what != "tell":
        return None
    outbox_id, values = notice(Move.of(rows[0]), now=utc_now())
    [[queued]] = database.tenant_once(organization_id, QUEUE_NOTICE, **values)
    return outbox_id if queued else None
