"""The facts `delivery` and `read`: a watermark, before which everything was delivered or read, or one message's id.

Shapes: Messenger's `delivery{mids[]?, watermark}` and `read{watermark}`, Instagram's `read{mid}`.
"""

from shared.channels.items import MESSAGE_ID_LIMIT, Item, event_key, identifier, moment_of
from shared.channels.messenger.places import Element


def read_items(element: Element, body: dict[str, object]) -> list[Item] | str:
    """Turn the fact `read` into its item; a sentence says why it cannot be read."""
    return _items(element, body, status="read", identities=[body.get("mid")])


def delivery_items(element: Element, body: dict[str, object]) -> list[Item] | str:
    """Turn the fact `delivery` into its items; the mids count only where there is no watermark to cover them."""
    mids = body.get("mids")
    return _items(element, body, status="delivered", identities=mids if isinstance(mids, list) else [])


def _items(element: Element, body: dict[str, object], *, status: str, identities: list[object]) -> list[Item] | str:
    if element.customer is None:
        return "a receipt names no usable customer"
    watermark = moment_of(body.get("watermark"))
    if watermark is not None:
        key = event_key("w", element.customer, status, watermark)
        item = element.item(kind="watermark", key=key, event_type=f"watermark.{status}", answerable=False)
        item["status"] = status
        item["occurred_at"] = watermark
        return [item]
    usable = [identifier(identity, limit=MESSAGE_ID_LIMIT) for identity in identities]
    if not usable or None in usable:
        return "a receipt has neither a usable watermark nor usable ids of messages"
    return [_status(element, mid, status=status) for mid in usable if mid is not None]


def _status(element: Element, mid: str, *, status: str) -> Item:
    item = element.item(kind="status", key=event_key("s", mid, status), event_type=f"status.{status}")
    item.pop("answerable", None)
    item["event_id"] = mid
    item["status"] = status
    item["recipient"] = element.customer
    return item
