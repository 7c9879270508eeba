"""The facts `reaction` and `message_edit`, which change another message (C-14).

Shapes: `reaction{mid, action: react | unreact, reaction?, emoji?}`, `message_edit{mid, text, num_edit}`.
"""

from shared.channels.items import MESSAGE_ID_LIMIT, Item, event_key, identifier, key_part, within_limit
from shared.channels.messenger.places import Element

# the words that come where there is no emoji
_EMOJI = {
    "love": "❤️",
    "smile": "😆",
    "wow": "😮",
    "sad": "😢",
    "angry": "😠",
    "like": "👍",
    "dislike": "👎",
}


def reaction_items(element: Element, body: dict[str, object]) -> list[Item] | str:
    """Turn the fact into its item; a sentence says why it cannot be read."""
    target = identifier(body.get("mid"), limit=MESSAGE_ID_LIMIT)
    action = body.get("action")
    if target is None or element.customer is None:
        return "a reaction names no message or no customer"
    if action not in ("react", "unreact"):
        return "a reaction is neither made nor taken back"
    word = identifier(body.get("reaction"), limit=64)
    emoji = identifier(body.get("emoji"), limit=64) or _EMOJI.get(word or "", word)
    if action == "react" and emoji is None:
        return "a reaction has no emoji"
    key = event_key("r", target, element.customer, key_part(element.raw.get("timestamp")), str(action), emoji or "")
    item = element.item(kind="reaction", key=key, event_type=f"reaction.{action}", answerable=False)
    item["target"] = target
    item["emoji"] = emoji if action == "react" else None
    return [item]


def edit_items(element: Element, body: dict[str, object]) -> list[Item] | str:
    """Turn the fact into its item; a sentence says why it cannot be read."""
    target = identifier(body.get("mid"), limit=MESSAGE_ID_LIMIT)
    text = body.get("text")
    if target is None or element.customer is None:
        return "an edit names no message or no customer"
    if not isinstance(text, str):
        return "an edit has no text"
    number = body.get("num_edit", element.raw.get("timestamp"))
    item = element.item(kind="edit", key=event_key("e", target, key_part(number)), event_type="message.edited")
    item["target"] = target
    item["message_type"] = "text"
    item["text"] = within_limit(text)[0]
    if isinstance(body.get("num_edit"), int):
        item["metadata"] = {"num_edit": number}
    return [item]
