"""The fact `message`: what a customer wrote, an echo of what the account sent, or that a message was taken back.

Shape: `{mid, text?, attachments[]?, quick_reply{payload}?, reply_to{mid | story{id, url}}?, referral?, is_echo?,
app_id?, metadata?, is_self?, is_deleted?, is_unsupported?}`. Messages of attachments alone are ordinary messages.
"""

from shared.channels.items import (
    MESSAGE_ID_LIMIT,
    Item,
    event_key,
    identifier,
    leftovers,
    within_limit,
)
from shared.channels.messenger.attachments import Attached, read_attachments
from shared.channels.messenger.places import Element
from shared.channels.outbox_ids import outbox_id_of

_READ_KEYS = frozenset({"mid", "text", "is_echo", "app_id", "attachments"})


def message_items(element: Element, body: dict[str, object]) -> list[Item] | str:
    """Turn the fact into its item; a sentence says why it cannot be read."""
    identity = identifier(body.get("mid"), limit=MESSAGE_ID_LIMIT)
    if identity is None:
        return "a message has no usable id"
    if element.customer is None:
        return "a message names no usable customer"
    if body.get("is_deleted") is True:
        return [_deletion(element, identity)]
    attached = read_attachments(body.get("attachments"))
    if isinstance(attached, str):
        return attached
    problem = _problem(body, attached)
    return problem or [_message(element, body, identity=identity, attached=attached)]


def _problem(body: dict[str, object], attached: Attached) -> str | None:
    text = body.get("text")
    if text is not None and not isinstance(text, str):
        return "a message's text is no text"
    if text or attached.type or body.get("is_unsupported") is True or _says_more(body):
        return None
    return "a message has neither text nor attachments"


def _says_more(body: dict[str, object]) -> bool:
    return any(isinstance(body.get(name), dict) for name in ("quick_reply", "referral", "commands"))


def _message(element: Element, body: dict[str, object], *, identity: str, attached: Attached) -> Item:
    word = "echo" if body.get("is_echo") is True else "message"
    kind = attached.type or ("unsupported" if body.get("is_unsupported") is True else "text")
    item = element.item(
        kind=word,
        key=event_key("m", identity),
        event_type=f"{word}.{kind}",
        answerable=body.get("is_self") is not True,
    )
    item["event_id"] = identity
    item["message_type"] = kind
    more = leftovers(body, known=_READ_KEYS)
    if attached.rest:
        more["attachments"] = attached.rest
    text = body.get("text") or attached.text
    item["text"] = None
    if isinstance(text, str):
        item["text"], flags = within_limit(text)
        more.update(flags)
    if attached.media:
        item["media"] = attached.media
    reply = body.get("reply_to")
    replied = identifier(reply.get("mid"), limit=MESSAGE_ID_LIMIT) if isinstance(reply, dict) else None
    if replied is not None:
        item["reply_to"] = replied
    if word == "echo":
        _add_origin(item, body)
    metadata = element.metadata(more=more)
    if metadata:
        item["metadata"] = metadata
    return item


def _add_origin(item: Item, body: dict[str, object]) -> None:
    """Say which app sent it, and which row of our outbox it was when our id came back."""
    app_id = body.get("app_id")
    app = str(app_id) if isinstance(app_id, int) and not isinstance(app_id, bool) else identifier(app_id)
    if app is not None:
        item["app_id"] = app[:64]
    outbox_id = outbox_id_of(body.get("metadata"))
    if outbox_id is not None:
        item["outbox_id"] = outbox_id


def _deletion(element: Element, identity: str) -> Item:
    item = element.item(kind="deletion", key=event_key("d", identity), event_type="message.deleted", answerable=False)
    item["target"] = identity
    return item
