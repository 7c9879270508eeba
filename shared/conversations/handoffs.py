"""Conversations that people have or should have: the queue, and what a person does with one of it.

A hand-over is named by its own id or by its conversation's. Each act is one statement, decided under the
conversation's lock, so that of two people who act at once one is told what the other did.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.kit.errors import Rejected
from shared.platform.database import Database

_SELECT: Final = (
    "SELECT h.id, h.conversation_id, h.reason, h.state, h.summary, h.requested_at, h.target_at, h.told_at,"
    " h.alerted_at, h.updated_customer_at, h.claimed_at, u.full_name AS claimed_by, h.closed_at, c.channel,"
    " coalesce(c.customer_name, c.customer_phone, c.customer_external_id) AS customer, c.status, c.last_in_seq"
    " FROM platform.handoffs h"
    " JOIN platform.conversations c ON c.organization_id = h.organization_id AND c.id = h.conversation_id"
    " LEFT JOIN platform.users u ON u.organization_id = h.organization_id AND u.id = h.claimed_by"
    " WHERE h.organization_id = :organization_id"
)
_LIST: Final = (
    f"{_SELECT} AND (:closed OR h.state IN ('open', 'claimed'))"
    " ORDER BY h.closed_at DESC NULLS FIRST, h.state = 'open' DESC, h.requested_at LIMIT :most"
)
_FIND: Final = (
    f"{_SELECT} AND (h.id = :id OR h.conversation_id = :id)"
    " ORDER BY h.closed_at IS NULL DESC, h.requested_at DESC LIMIT 1"
)
_PERSON: Final = (
    "SELECT id FROM platform.users WHERE organization_id = :organization_id"
    " AND (id::text = :name OR lower(email) = lower(:name))"
)
_CLAIM: Final = "SELECT agents.claim_handoff(:organization_id, :id, CAST(:user_id AS uuid))"
_RETURN: Final = "SELECT agents.return_to_ai(:organization_id, :conversation_id, CAST(:user_id AS uuid), 'person')"
_RESOLVE: Final = (
    "SELECT agents.resolve_conversation(:organization_id, :conversation_id, CAST(:user_id AS uuid),"
    " CAST(:seen_seq AS bigint), CAST(:survey AS jsonb))"
)


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """What a person needs to know: `kind` asked, tried, source or missing; from a message, or from a chunk."""

    kind: str
    text: str
    message_id: UUID | None
    chunk_id: UUID | None


@dataclass(frozen=True, slots=True)
class Handoff:
    """One hand-over with its conversation. `claimed_by` is a name; `last_seq` numbers the customer's newest message."""

    id: UUID
    conversation_id: UUID
    reason: str
    state: str
    summary: tuple[SummaryLine, ...]
    requested_at: datetime
    target_at: datetime
    told_at: datetime | None
    alerted_at: datetime | None
    updated_customer_at: datetime | None
    claimed_at: datetime | None
    claimed_by: str | None
    closed_at: datetime | None
    channel: str
    customer: str
    conversation_status: str
    last_seq: int


def list_handoffs(database: Database, organization_id: UUID, *, closed: bool = False, most: int = 100) -> list[Handoff]:
    """Who waits, longest first, then what people have; with `closed` also what is over, newest first."""
    rows = database.tenant_once(organization_id, _LIST, organization_id=organization_id, closed=closed, most=most)
    return [_handoff(row) for row in rows]


def find_handoff(database: Database, organization_id: UUID, named: UUID) -> Handoff:
    """The hand-over of this id, or the newest of this conversation. Raises Rejected('handoff_unknown')."""
    rows = database.tenant_once(organization_id, _FIND, organization_id=organization_id, id=named)
    if not rows:
        raise _unknown(named)
    return _handoff(rows[0])


def find_person(database: Database, organization_id: UUID, name: str) -> UUID:
    """The id of the organization's user with this id or e-mail address. Raises Rejected('person_unknown')."""
    rows = database.tenant_once(organization_id, _PERSON, organization_id=organization_id, name=name)
    if not rows:
        raise Rejected("person_unknown", f"the organization has no user {name!r}")
    found: UUID = rows[0][0]
    return found


def claim_handoff(database: Database, *, organization_id: UUID, handoff_id: UUID, user_id: UUID | None) -> None:
    """The person has the conversation from now on; again is no change.

    Raises Rejected: 'handoff_unknown', 'handoff_taken' by somebody else, 'handoff_closed'.
    """
    rows = database.tenant_once(
        organization_id, _CLAIM, organization_id=organization_id, id=handoff_id, user_id=user_id
    )
    match rows[0][0]["state"]:
        case "claimed":
            return
        case "taken":
            raise Rejected("handoff_taken", "somebody else has this conversation")
        case "closed":
            raise _closed()
        case _:
            raise _unknown(handoff_id)


def return_conversation(
    database: Database, *, organization_id: UUID, conversation_id: UUID, user_id: UUID | None
) -> int:
    """Gives the conversation back to the AI; how many messages nobody answered, which it answers now.

    Raises Rejected: 'conversation_unknown', 'handoff_closed' (it has ended, or the AI has it).
    """
    rows = database.tenant_once(
        organization_id,
        _RETURN,
        organization_id=organization_id,
        conversation_id=conversation_id,
        user_id=user_id,
    )
    verdict = rows[0][0]
    match verdict["state"]:
        case "returned":
            return int(verdict["pending"])
        case "unknown":
            raise _no_conversation(conversation_id)
        case _:
            raise _closed()


def end_conversation(  # noqa: PLR0913 - what an end is made of
    database: Database,
    *,
    organization_id: UUID,
    conversation_id: UUID,
    user_id: UUID | None,
    seen_seq: int | None = None,
    survey: dict[str, Any] | None = None,
) -> bool:
    """The matter is settled: the conversation is resolved. Whether `survey` was queued.

    `survey` is {outbox_id, message_id, text, payload}; it is not queued where the department does not ask, or the
    customer may not be asked now. With `seen_seq`, the newest message that the person has read, a newer one stops the
    end. Raises Rejected: 'newer_message', 'conversation_unknown', 'handoff_closed'.
    """
    rows = database.tenant_once(
        organization_id,
        _RESOLVE,
        organization_id=organization_id,
        conversation_id=conversation_id,
        user_id=user_id,
        seen_seq=seen_seq,
        survey=None if survey is None else json.dumps(survey, ensure_ascii=False),
    )
    verdict = rows[0][0]
    match verdict["state"]:
        case "resolved":
            return bool(verdict["survey"])
        case "newer_message":
            raise Rejected("newer_message", f"the customer has written again: message {verdict['last_seq']}")
        case "unknown":
            raise _no_conversation(conversation_id)
        case _:
            raise _closed()


def _handoff(row: Any) -> Handoff:
    return Handoff(
        id=row.id,
        conversation_id=row.conversation_id,
        reason=row.reason,
        state=row.state,
        summary=tuple(_line(line) for line in row.summary),
        requested_at=row.requested_at,
        target_at=row.target_at,
        told_at=row.told_at,
        alerted_at=row.alerted_at,
        updated_customer_at=row.updated_customer_at,
        claimed_at=row.claimed_at,
        claimed_by=row.claimed_by,
        closed_at=row.closed_at,
        channel=row.channel,
        customer=row.customer,
        conversation_status=row.status,
        last_seq=row.last_in_seq,
    )


def _line(line: dict[str, Any]) -> SummaryLine:
    message_id, chunk_id = line.get("message_id"), line.get("chunk_id")
    return SummaryLine(
        kind=line["kind"],
        text=line["text"],
        message_id=UUID(message_id) if message_id else None,
        chunk_id=UUID(chunk_id) if chunk_id else None,
    )


def _unknown(named: UUID) -> Rejected:
    return Rejected("handoff_unknown", f"nobody was called to {named}")


def _no_conversation(conversation_id: UUID) -> Rejected:
    return Rejected("conversation_unknown", f"there is no conversation {conversation_id}")


def _closed() -> Rejected:
    return Rejected("handoff_closed", "people do not have this conversation any more")
