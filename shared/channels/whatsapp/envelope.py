"""The envelope of a WhatsApp webhook: `{object, entry: [{id, changes: [{field, value}]}]}`, split into items.

One delivery may hold several tenants' numbers, and a value may hold messages and statuses together. Nothing is
dropped: what cannot be read becomes an unparsed item beside the good ones (C-05).
"""

from collections.abc import Iterator

from shared.channels.items import IDENTIFIER_LIMIT, Item, Unreadable, identifier, unparsed
from shared.channels.whatsapp.messages import message_item
from shared.channels.whatsapp.statuses import status_item
from shared.kit.text import clean_text, truncate

ITEMS_LIMIT = 5000  # Meta batches up to 1,000 updates; this many still commit well within the statement's ten seconds

_READ_KEYS = frozenset({"messaging_product", "metadata", "contacts", "messages", "statuses", "errors"})


def split(document: object) -> list[Item]:
    """Split a parsed delivery into items, in the order received.

    Raises:
        Unreadable: there is nothing to split (wrong object, no list of entries) or far too much.
    """
    if not isinstance(document, dict):
        raise Unreadable("the body is not an object")
    if document.get("object") != "whatsapp_business_account":
        raise Unreadable("the object is not whatsapp_business_account")
    entries = document.get("entry")
    if not isinstance(entries, list):
        raise Unreadable("entry is not a list")
    items: list[Item] = []
    for entry in entries:
        for item in _entry_items(entry):
            items.append(item)
            if len(items) > ITEMS_LIMIT:
                raise Unreadable(f"more than {ITEMS_LIMIT} items in one delivery")
    return items


def _entry_items(entry: object) -> Iterator[Item]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(changes, list):
        yield unparsed(entry, account="", event_type="entry", reason="an entry has no list of changes")
        return
    business = identifier(entry.get("id")) or ""
    for change in changes:
        yield from _change_items(change, business=business)


def _change_items(change: object, *, business: str) -> Iterator[Item]:
    field = change.get("field") if isinstance(change, dict) else None
    value = change.get("value") if isinstance(change, dict) else None
    account = _account(value)
    event_type = f"field.{field}" if isinstance(field, str) else "field"
    if field != "messages":
        kept = {"business": business, "change": change}
        yield unparsed(kept, account=account, event_type=event_type, reason="this field is not handled yet")
    elif not isinstance(value, dict) or not account:
        yield unparsed(change, account=account, event_type=event_type, reason="a value names no phone number id")
    else:
        yield from _value_items(value, account=account)


def _account(value: object) -> str:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return (identifier(metadata.get("phone_number_id")) if isinstance(metadata, dict) else None) or ""


def _value_items(value: dict[str, object], *, account: str) -> Iterator[Item]:
    names = _names(value.get("contacts"))
    known = False
    for name in ("messages", "statuses", "errors"):
        elements = value.get(name)
        if elements is None:
            continue
        known = True
        if not isinstance(elements, list):
            yield unparsed(elements, account=account, event_type=f"value.{name}", reason=f"{name} is not a list")
            continue
        for element in elements:
            if name == "messages":
                yield message_item(element, account=account, names=names)
            elif name == "statuses":
                yield status_item(element, account=account)
            else:
                yield unparsed(element, account=account, event_type="value.errors", reason="an error of the account")
    unknown = {name: value[name] for name in value if name not in _READ_KEYS}
    if unknown or not known:
        rest = unknown if known else value
        yield unparsed(rest, account=account, event_type="value", reason="a value has keys that are not handled yet")


def _names(contacts: object) -> dict[str, str]:
    """Map phone and user id to the profile's name; malformed contacts are passed over, they carry no event."""
    names: dict[str, str] = {}
    for contact in contacts if isinstance(contacts, list) else ():
        profile = contact.get("profile") if isinstance(contact, dict) else None
        name = profile.get("name") if isinstance(profile, dict) else None
        if not isinstance(name, str) or not name:
            continue
        for key in ("wa_id", "user_id"):
            customer = identifier(contact.get(key))
            if customer is not None:
                names[customer] = truncate(clean_text(name)[0], IDENTIFIER_LIMIT)
    return names
