"""Outbound messages as a turn leaves them, at each point of being sent."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tests.support.tenants import make_conversation

if TYPE_CHECKING:
    from tests.support.database import Database
    from tests.support.tenants import Tenant


@dataclass(frozen=True)
class Sent:
    """One reply: its conversation, message and outbox row."""

    conversation_id: UUID
    message_id: UUID
    outbox_id: UUID


def make_reply(  # noqa: PLR0913 - one for each thing that a test varies
    database: Database,
    tenant: Tenant,
    *,
    state: str = "sending",
    attempt: int = 1,
    wamid: str | None = None,
    conversation_id: UUID | None = None,
    turn_seq: int = 1,
) -> Sent:
    """A reply whose outbox row is in `state`; with `wamid` the provider's answer is recorded in both rows."""
    conversation_id = conversation_id or make_conversation(database, tenant)
    sent = Sent(conversation_id, uuid4(), uuid4())
    status = "sent" if wamid else "pending"
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "INSERT INTO platform.messages (id, organization_id, conversation_id, connection_id, direction,"
            " text_content, sender_type, delivery_status, external_message_id)"
            " VALUES (%s, %s, %s, %s, 'outbound', 'Sim!', 'ai', %s, %s)",
            (sent.message_id, tenant.organization_id, conversation_id, tenant.connection_id, status, wamid),
        )
        cursor.execute(
            "INSERT INTO platform.outbox (id, organization_id, conversation_id, connection_id, message_id, turn_seq,"
            " recipient, payload, state, attempt, provider_message_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, '5511', '{}', %s, %s, %s)",
            (
                sent.outbox_id,
                tenant.organization_id,
                conversation_id,
                tenant.connection_id,
                sent.message_id,
                turn_seq,
                state,
                attempt,
                wamid,
            ),
        )
    return sent
