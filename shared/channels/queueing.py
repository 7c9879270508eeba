"""Puts what no turn wrote into the outbox, checked before it is stored: a person's words, a template, a survey.

What a person writes takes the conversation over in the same transaction (H-02). Nothing is sent here: `wake_delivery`
asks message_delivery for it, and the sweep finds what was not asked for.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from shared.channels.payloads import parts_for, readable_text
from shared.conversations.wake_ups import Wakes
from shared.kit.errors import Rejected
from shared.kit.ids import new_id
from shared.platform.database import Database

DELIVERY_QUEUE: Final = "deliveries"

Kind = Literal["human", "template", "survey"]

_PROVIDER: Final = (
    "SELECT n.provider::text FROM platform.conversations c"
    " JOIN integrations.connections n ON n.organization_id = c.organization_id AND n.id = c.connection_id"
    " WHERE c.organization_id = :organization_id AND c.id = :conversation_id"
)
_QUEUE: Final = "SELECT agents.queue_message(:organization_id, :conversation_id, CAST(:message AS jsonb))"


@dataclass(frozen=True, slots=True)
class QueuedPart:
    """One message in the outbox."""

    outbox_id: UUID
    message_id: UUID
    payload: dict[str, Any]


def queue_message(  # noqa: PLR0913 - what a message is made of
    database: Database,
    *,
    organization_id: UUID,
    conversation_id: UUID,
    kind: Kind,
    payload: dict[str, Any],
    user_id: UUID | None = None,
) -> tuple[QueuedPart, ...]:
    """Stores the message in the parts that its channel takes, in order, and returns them.

    `payload` is one of shared.channels.payloads; `user_id` is the person who writes (kind 'human'). Templates cost
    money: one whose fate stays unknown is held instead of sent again. Raises Rejected: 'bad_message' (the channel
    does not take it, nothing is stored), 'unknown_conversation', 'conversation_closed'.
    """
    found = database.tenant_once(
        organization_id, _PROVIDER, organization_id=organization_id, conversation_id=conversation_id
    )
    if not found:
        raise _unknown(conversation_id)
    parts = tuple(
        QueuedPart(outbox_id=new_id(), message_id=new_id(), payload=part) for part in parts_for(found[0][0], payload)
    )
    message = {
        "kind": kind,
        "user_id": str(user_id) if user_id else None,
        "resend_policy": "hold" if payload["type"] == "template" else "resend",
        "parts": [_part(part) for part in parts],
    }
    stored = database.tenant_once(
        organization_id,
        _QUEUE,
        organization_id=organization_id,
        conversation_id=conversation_id,
        message=json.dumps(message, ensure_ascii=False),
    )
    verdict = stored[0][0]
    match verdict["state"]:
        case "queued":
            return parts
        case "closed":
            where = f"it goes on in {verdict['in']}" if verdict["in"] else "the customer must write"
            raise Rejected("conversation_closed", f"conversation {conversation_id} takes no messages; {where}")
        case _:
            raise _unknown(conversation_id)


def wake_delivery(
    queue: Wakes, *, url: str, organization_id: UUID, conversation_id: UUID, at: datetime | None = None
) -> None:
    """Asks message_delivery for what waits in the conversation, at `at` (None: now).

    Raises Unavailable when the queue is.
    """
    payload = {"organization_id": str(organization_id), "conversation_id": str(conversation_id)}
    queue.wake(DELIVERY_QUEUE, url=url, payload=payload, at=at, name=None)


def _part(part: QueuedPart) -> dict[str, Any]:
    kind = part.payload["kind"] if part.payload["type"] == "media" else part.payload["type"]
    return {
        "outbox_id": str(part.outbox_id),
        "message_id": str(part.message_id),
        "message_type": kind if kind not in {"buttons", "list"} else "interactive",
        "text": readable_text(part.payload),
        "payload": part.payload,
    }


def _unknown(conversation_id: UUID) -> Rejected:
    return Rejected("unknown_conversation", f"there is no conversation {conversation_id}")
