"""Ends a conversation for a person, and asks the customer how it was where the department wants to know."""

from uuid import UUID

from shared.agents.wording import wording
from shared.channels.payloads import text_payload
from shared.conversations.handoffs import end_conversation
from shared.kit.ids import new_id
from shared.platform.database import Database

_BUSINESS = "SELECT name, locale FROM platform.organizations WHERE id = :organization_id"


def resolve_conversation(
    database: Database,
    *,
    organization_id: UUID,
    conversation_id: UUID,
    user_id: UUID | None,
    seen_seq: int | None = None,
) -> bool:
    """Resolves it; whether the customer is asked for a score. See `end_conversation` for what is refused.

    The question waits in the outbox: the sweep finds it, or `shared.channels.queueing.wake_delivery` sends it at once.
    """
    [business] = database.tenant_once(organization_id, _BUSINESS, organization_id=organization_id)
    question = wording(business.locale).survey.format(organization=business.name)
    return end_conversation(
        database,
        organization_id=organization_id,
        conversation_id=conversation_id,
        user_id=user_id,
        seen_seq=seen_seq,
        survey={
            "outbox_id": str(new_id()),
            "message_id": str(new_id()),
            "text": question,
            "payload": text_payload(question),
        },
    )
