"""One element of `user_preferences`: a customer wants no more marketing messages, or wants them again (C-20).

Shape: `{wa_id?, user_id?, category: "marketing_messages", value: "stop" | "resume", detail?, timestamp}`.
"""

from shared.channels.items import Item, event_key, fact, moment_of, unparsed
from shared.channels.whatsapp.senders import Contact, add_party, party_of


def preference_item(raw: object, *, account: str, contacts: dict[str, Contact]) -> Item:
    """Turn one element of `user_preferences` into an item."""
    if not isinstance(raw, dict):
        return _not_read(raw, account, "a preference is not an object")
    choice = raw.get("value")
    if raw.get("category") != "marketing_messages" or choice not in ("stop", "resume"):
        return _not_read(raw, account, "a preference is not about marketing messages, or is neither stop nor resume")
    party = party_of(raw.get("wa_id"), raw.get("user_id"), contacts)
    if party is None:
        return _not_read(raw, account, "a preference names no usable customer")
    occurred_at = moment_of(raw.get("timestamp"))
    key = event_key("p", party.address, choice, occurred_at or "")
    item = fact(raw, kind="preference", account=account, key=key, event_type=f"preference.{choice}")
    item["occurred_at"] = occurred_at
    item["choice"] = choice
    add_party(item, party)
    return item


def _not_read(raw: object, account: str, reason: str) -> Item:
    return unparsed(raw, account=account, event_type="preference", reason=reason)
