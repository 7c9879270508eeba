"""One element of `statuses`: what became of a message that we sent.

Shape: `{id, status, timestamp, recipient_id?, recipient_user_id?, biz_opaque_callback_data?, errors[]?, pricing?,
conversation?{origin{type}}}`. Statuses other than those known today are kept as events too.
"""

from shared.channels.items import MESSAGE_ID_LIMIT, Item, digest_of, event_key, identifier, unparsed
from shared.channels.outbox_ids import outbox_id_of
from shared.kit.clock import parse_provider_timestamp
from shared.kit.ids import new_id
from shared.kit.text import clean_text

_STATUS_LIMIT = 64
_DETAIL_LIMIT = 2000  # characters; Meta's texts are a sentence or two


def status_item(raw: object, *, account: str) -> Item:
    """Turn one element of `statuses` into an item."""
    if not isinstance(raw, dict):
        return unparsed(raw, account=account, event_type="status", reason="a status is not an object")
    identity = identifier(raw.get("id"), limit=MESSAGE_ID_LIMIT)
    status = identifier(raw.get("status"), limit=_STATUS_LIMIT)
    if identity is None:
        return unparsed(raw, account=account, event_type="status", reason="a status has no usable message id")
    if status is None:
        return unparsed(raw, account=account, event_type="status", reason="a status has no usable name")
    occurred_at, _ = parse_provider_timestamp(raw.get("timestamp"))
    item: Item = {
        "id": str(new_id()),
        "kind": "status",
        "account": account,
        "key": event_key("s", identity, status),
        "digest": digest_of(raw),
        "event_type": f"status.{status}",
        "event_id": identity,
        "occurred_at": None if occurred_at is None else occurred_at.isoformat(),
        "status": status,
        "recipient": identifier(raw.get("recipient_id")) or identifier(raw.get("recipient_user_id")),
        "outbox_id": outbox_id_of(raw.get("biz_opaque_callback_data")),
    }
    _add_error(item, raw.get("errors"))
    _add_price(item, raw.get("pricing"))
    conversation = raw.get("conversation")
    origin = conversation.get("origin") if isinstance(conversation, dict) else None
    if isinstance(origin, dict):
        item["conversation_origin"] = _word(origin.get("type"))
    return item


def _add_error(item: Item, errors: object) -> None:
    """Take code and details of the first error; titles are being deprecated by Meta, so they come last."""
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return
    data = first.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    code = first.get("code")
    item["error_code"] = str(code)[:_STATUS_LIMIT] if isinstance(code, int) else _word(code)
    texts = (details, first.get("message"), first.get("title"))
    item["error_detail"] = next((clean_text(text)[0][:_DETAIL_LIMIT] for text in texts if isinstance(text, str)), None)


def _add_price(item: Item, pricing: object) -> None:
    if not isinstance(pricing, dict):
        return
    billable = pricing.get("billable")
    item["pricing_billable"] = billable if isinstance(billable, bool) else None
    item["pricing_model"] = _word(pricing.get("pricing_model"))
    item["pricing_type"] = _word(pricing.get("type"))
    item["pricing_category"] = _word(pricing.get("category"))


def _word(value: object) -> str | None:
    word = identifier(value)
    return None if word is None else word[:_STATUS_LIMIT]
