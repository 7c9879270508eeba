"""Asks Instagram and Messenger what became of an uncertain message, before it is sent again.

Conversations API: GET
{account}/conversations?platform&user_id&fields=messages.limit(n){id,created_time,from,message}, newest first
(Messenger Platform and Instagram API, "Get conversations"). It does not return our id, so a message is recognised by
its text and its time; one that is known under its id already is another one. WhatsApp has no such list.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from shared.channels.graph import GraphSender
from shared.channels.graph_answers import parsed
from shared.channels.graph_requests import account_url, request_body
from shared.channels.graph_transport import GraphRequest, NoAnswer
from shared.channels.outbox import Account, Delivery, account_of
from shared.kit.text import clean_text
from shared.platform.database import Database
from shared.platform.logs import get_logger

# The message is among the newest: only the customer and a person can have written since.
_NEWEST: Final = 25
# Of the provider's clock and ours.
_CLOCKS_DIFFER: Final = timedelta(seconds=30)
_WAITING: Final = "SELECT agents.waiting_messages(:organization_id, :conversation_id, :uncertain)"
_SETTLE: Final = (
    "SELECT agents.settle_asked(:organization_id, :outbox_id, :attempt,"
    " ARRAY(SELECT jsonb_array_elements_text(CAST(:candidates AS jsonb))))"
)
_LONGEST_ID: Final = 1000  # the column's width

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A message whose fate is unknown since `sending_at`, with all that it was sent with."""

    delivery: Delivery
    sending_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingMessages:
    """What waits in a conversation: rows that are ready, in order, and sends whose fate can be asked for now."""

    ready: tuple[UUID, ...]
    unsettled: tuple[Unsettled, ...]


def waiting_messages(
    database: Database, *, organization_id: UUID, conversation_id: UUID, uncertain: float
) -> WaitingMessages:
    """What waits; `uncertain` is the quiet window in seconds, within which a webhook may still settle a send."""
    [[found]] = database.tenant_once(
        organization_id,
        _WAITING,
        organization_id=organization_id,
        conversation_id=conversation_id,
        uncertain=uncertain,
    )
    return WaitingMessages(
        ready=tuple(UUID(outbox_id) for outbox_id in found["ready"]),
        unsettled=tuple(_unsettled(organization_id, row) for row in found["unsettled"]),
    )


def settle_unsettled(database: Database, *, unsettled: Unsettled, sender: GraphSender) -> str:
    """Asks the provider and records its word: accepted, ready (it goes out again), held, gone, or 'unknown' as before.

    Raises Unavailable when the token cannot be opened or the database is away.
    """
    delivery = unsettled.delivery
    messages = newest_messages(sender, delivery)
    if messages is None:
        return "unknown"
    candidates = matching(messages, delivery=delivery, sending_at=unsettled.sending_at)
    [[state]] = database.tenant_once(
        delivery.organization_id,
        _SETTLE,
        organization_id=delivery.organization_id,
        outbox_id=delivery.outbox_id,
        attempt=delivery.attempt,
        candidates=json.dumps(candidates),
    )
    _log.info("uncertain send asked for", outbox_id=str(delivery.outbox_id), state=state)
    return str(state)


def newest_messages(sender: GraphSender, delivery: Delivery) -> list[dict[str, Any]] | None:
    """The conversation's newest messages at the provider, newest first; None when it does not say."""
    account = delivery.account
    token = sender.token(delivery.organization_id, account)
    if token is None:
        return None
    query = {
        "platform": account.provider,
        "user_id": delivery.recipient,
        "fields": f"messages.limit({_NEWEST}){{id,created_time,from,message}}",
    }
    where = account_url(account, base=sender.base, instagram_base=sender.instagram_base)
    try:
        status, raw = sender.transport.exchange(
            GraphRequest(url=f"{where}/conversations?{urlencode(query)}", token=token)
        )
    except NoAnswer:
        return None
    conversations = parsed(raw).get("data")
    if status != 200 or not isinstance(conversations, list):  # noqa: PLR2004 - anything else is no list
        return None
    return [message for conversation in conversations for message in _messages(conversation)]


def matching(messages: Sequence[dict[str, Any]], *, delivery: Delivery, sending_at: datetime) -> list[str]:
    """The ids of messages that can be this one, oldest first: from the account, not before it was sent, of its text."""
    text = request_body(delivery).get("message", {}).get("text")
    found = [
        (written, message["id"])
        for message in messages
        if _is_id(message.get("id"))
        and (written := _moment(message.get("created_time"))) is not None
        and written >= sending_at - _CLOCKS_DIFFER
        and _author(message) not in {None, delivery.recipient}
        and _same_text(message.get("message"), text)
    ]
    return [message_id for _, message_id in sorted(found)]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_ID


def _same_text(said: object, text: object) -> bool:
    """A file has no text; the provider may trim what it keeps."""
    return _plain(said) == _plain(text)


def _plain(value: object) -> str:
    return " ".join(clean_text(value)[0].split()) if isinstance(value, str) else ""


def _author(message: dict[str, Any]) -> str | None:
    author = message.get("from")
    found = author.get("id") if isinstance(author, dict) else None
    return found if isinstance(found, str) else None


def _moment(value: object) -> datetime | None:
    """The provider writes 2026-11-24T16:00:00+0000."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _messages(conversation: object) -> list[dict[str, Any]]:
    messages = conversation.get("messages") if isinstance(conversation, dict) else None
    data = messages.get("data") if isinstance(messages, dict) else None
    return [message for message in data if isinstance(message, dict)] if isinstance(data, list) else []


def _unsettled(organization_id: UUID, row: dict[str, Any]) -> Unsettled:
    account: Account = account_of(row["connection"])
    delivery = Delivery(
        organization_id=organization_id,
        outbox_id=UUID(row["id"]),
        attempt=row["attempt"],
        part=row["part"],
        recipient=row["recipient"],
        payload=row["payload"],
        account=account,
        kind=row["kind"],
    )
    return Unsettled(delivery=delivery, sending_at=datetime.fromisoformat(row["sending_at"]))
