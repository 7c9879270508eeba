"""One element of `messages`: text becomes a message, everything else is kept as unparsed.

Shape, as the Cloud API sends it: `{id, from?, from_user_id?, timestamp, type, text{body}, context?, referral?, …}`;
`from` may be absent or "" when the customer has a username and no recent contact: `from_user_id` names the customer.
"""

import re

from shared.channels.items import MESSAGE_ID_LIMIT, Item, digest_of, event_key, identifier, storable, unparsed
from shared.kit.clock import parse_provider_timestamp
from shared.kit.ids import new_id
from shared.kit.text import clean_text, truncate

_PHONE = re.compile(r"[0-9]{5,20}")
_TEXT_LIMIT = 1_000_000  # bytes of UTF-8 that platform.messages holds; the whole text is in the sealed delivery
_READ_KEYS = frozenset({"id", "from", "from_user_id", "timestamp", "type", "text"})


def message_item(raw: object, *, account: str, names: dict[str, str]) -> Item:
    """Turn one element of `messages` into an item.

    Args:
        raw: the element as received.
        account: the phone number id that it was sent to.
        names: profile names by customer (phone or user id).
    """
    if not isinstance(raw, dict):
        return unparsed(raw, account=account, event_type="message", reason="a message is not an object")
    kind = raw.get("type")
    event_type = f"message.{kind}" if isinstance(kind, str) else "message"
    text = raw.get("text")
    body = text.get("body") if isinstance(text, dict) else None
    customer = identifier(raw.get("from")) or identifier(raw.get("from_user_id"))
    identity = identifier(raw.get("id"), limit=MESSAGE_ID_LIMIT)
    reason = None
    if kind != "text":
        reason = "this type of message is not handled yet"
    elif raw.get("group_id"):
        reason = "messages of groups are not handled yet"  # an answer to one member would be out of place
    elif not isinstance(body, str):
        reason = "a text message has no text.body"
    elif identity is None:
        reason = "a message has no usable id"
    elif customer is None:
        reason = "a message names no usable sender"
    if reason is not None or not isinstance(body, str) or identity is None or customer is None:
        return unparsed(raw, account=account, event_type=event_type, reason=reason or "")
    return _text_message(raw, account=account, identity=identity, body=body, customer=customer, names=names)


def _text_message(  # noqa: PLR0913 - the checked parts of one element, all of them needed
    raw: dict[str, object], *, account: str, identity: str, body: str, customer: str, names: dict[str, str]
) -> Item:
    text, text_cleaned = clean_text(body)
    text, text_truncated = _within_limit(text)
    occurred_at, timestamp_unusable = parse_provider_timestamp(raw.get("timestamp"))
    metadata: dict[str, object] = {name: storable(raw[name]) for name in raw if name not in _READ_KEYS}
    if text_cleaned:
        metadata["text_cleaned"] = True
    if text_truncated:
        metadata["text_truncated"] = True
    if timestamp_unusable:
        metadata["timestamp_unusable"] = True
    item: Item = {
        "id": str(new_id()),
        "kind": "message",
        "account": account,
        "key": event_key("m", identity),
        "digest": digest_of(raw),
        "event_type": "message.text",
        "event_id": identity,
        "occurred_at": None if occurred_at is None else occurred_at.isoformat(),
        "customer": customer,
        "text": text,
    }
    if metadata:
        item["metadata"] = metadata
    if _PHONE.fullmatch(customer):
        item["customer_phone"] = customer
    if customer in names:
        item["customer_name"] = names[customer]
    return item


def _within_limit(text: str) -> tuple[str, bool]:
    if len(text) * 4 <= _TEXT_LIMIT:  # no character takes more than four bytes
        return text, False
    raw = text.encode()
    if len(raw) <= _TEXT_LIMIT:
        return text, False
    fitting = raw[:_TEXT_LIMIT].decode(errors="ignore")
    return truncate(fitting, len(fitting) - 1), True
