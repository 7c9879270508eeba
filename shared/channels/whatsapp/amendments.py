"""Messages that change another message: reactions, edits, and messages that were taken back (C-14).

Shapes: `reaction{message_id, emoji?}` (no emoji or "": taken back), `edit{original_message_id, message{type, …}}` and
`revoke{original_message_id}`.
"""

from shared.channels.items import (
    MESSAGE_ID_LIMIT,
    Item,
    event_key,
    fact,
    identifier,
    moment_of,
    unparsed,
    within_limit,
)
from shared.channels.whatsapp.contents import content_of
from shared.channels.whatsapp.senders import Party, add_party

AMENDMENTS = {"reaction": "message_id", "edit": "original_message_id", "revoke": "original_message_id"}
_KINDS = {"reaction": "reaction", "edit": "edit", "revoke": "deletion"}


def amendment_item(raw: dict[str, object], *, kind: str, account: str, identity: str, party: Party) -> Item:
    """Turn an element of such a type (one of AMENDMENTS) into an item."""
    body = raw.get(kind)
    target = identifier(body.get(AMENDMENTS[kind]), limit=MESSAGE_ID_LIMIT) if isinstance(body, dict) else None
    if not isinstance(body, dict) or target is None:
        nameless = f"a message of type {kind} names no message"
        return unparsed(raw, account=account, event_type=f"message.{kind}", reason=nameless)
    word = _KINDS[kind]
    item = fact(raw, kind=word, account=account, key=event_key("m", identity), event_type=f"message.{kind}")
    item["event_id"] = identity
    item["occurred_at"] = moment_of(raw.get("timestamp"))
    item["target"] = target
    add_party(item, party)
    if kind == "reaction":
        item["emoji"] = identifier(body.get("emoji"))
        item["answerable"] = False
    elif kind == "edit":
        reason = _add_content(item, body.get("message"))
        if reason is not None:
            return unparsed(raw, account=account, event_type=f"message.{kind}", reason=reason)
    return item


def _add_content(item: Item, message: object) -> str | None:
    """Put what the message says now on the item, or return why it cannot be read."""
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(kind, str):
        return "an edit says nothing"
    content = content_of(kind, message.get(kind))
    if isinstance(content, str):
        return content
    item["message_type"] = kind
    item["text"] = None if content.text is None else within_limit(content.text)[0]
    if content.media:
        item["media"] = list(content.media)
    return None
