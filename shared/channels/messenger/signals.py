"""What customers do besides writing: pressing a button (postback), following a link (referral), opting in, linking.

Shapes: `postback{mid?, title?, payload?, referral?}` (on standby without payload), `referral{ref?, source, type, …}`,
`optin{type, …}`, `account_linking{status, …}`. Only a postback asks for an answer.
"""

from shared.channels.items import (
    MESSAGE_ID_LIMIT,
    Item,
    digest_of,
    event_key,
    identifier,
    leftovers,
    storable,
    within_limit,
)
from shared.channels.messenger.places import Element


def postback_items(element: Element, body: dict[str, object]) -> list[Item] | str:
    """Turn the fact `postback` into its item; a sentence says why it cannot be read."""
    if element.customer is None:
        return "a postback names no usable customer"
    identity = identifier(body.get("mid"), limit=MESSAGE_ID_LIMIT)
    key = event_key("m", identity) if identity is not None else _key(element, "postback")
    item = element.item(kind="message", key=key, event_type="message.postback")
    if identity is not None:
        item["event_id"] = identity
    item["message_type"] = "postback"
    item["text"] = None
    flags: dict[str, object] = {}
    title = body.get("title") or body.get("payload")
    if isinstance(title, str):
        item["text"], flags = within_limit(title)
    kept = leftovers(body, known={"mid", "title"})
    metadata = element.metadata(more={"postback": kept, **flags} if kept else flags)
    if metadata:
        item["metadata"] = metadata
    return [item]


def signal_items(element: Element, body: dict[str, object], *, name: str) -> list[Item] | str:
    """Turn the fact of this name into its item; a sentence says why it cannot be read."""
    if element.customer is None:
        return f"{name} names no usable customer"
    item = element.item(kind="message", key=_key(element, name), event_type=f"message.{name}", answerable=False)
    item["message_type"] = "referral" if name == "referral" else "system"
    item["text"] = None
    item["metadata"] = element.metadata(more={name: storable(body)})
    return [item]


def _key(element: Element, name: str) -> str:
    """Return the key of what has no id of its own: who, when, and all that it says."""
    raw = element.raw
    return event_key("x", name, element.customer or "", digest_of([raw.get("timestamp"), raw.get(name)]))
