"""The envelope of a WhatsApp webhook: `{object, entry: [{id, time?, changes: [{field, value}]}]}`, split into items.

One delivery may hold several tenants' numbers, and a value may hold messages and statuses together. Nothing is
dropped: what cannot be read becomes an unparsed item beside the good ones (C-05).
"""

from collections.abc import Iterator
from typing import NamedTuple

from shared.channels.entries import Entry, split_entries
from shared.channels.items import Item, identifier, unparsed
from shared.channels.whatsapp.account_events import FIELDS as ACCOUNT_FIELDS
from shared.channels.whatsapp.account_events import account_error_item, account_event_item
from shared.channels.whatsapp.echoes import echo_item
from shared.channels.whatsapp.identities import user_id_update_item
from shared.channels.whatsapp.messages import message_items
from shared.channels.whatsapp.preferences import preference_item
from shared.channels.whatsapp.senders import Contact, contacts_of
from shared.channels.whatsapp.statuses import status_item

# the lists of a value that are understood, by the field that they come with
_LISTS = {
    "messages": ("messages", "statuses", "errors"),
    "smb_message_echoes": ("message_echoes", "errors"),
    "user_preferences": ("user_preferences", "errors"),
    "user_id_update": ("user_id_update", "errors"),
}
_ENTRY = frozenset({"id", "time", "changes"})
_CHANGE = frozenset({"field", "value"})
_FRAME = frozenset({"messaging_product", "metadata", "contacts"})


class _Place(NamedTuple):
    """Where an element stands: the number and business that it came for, and when the entry was made."""

    account: str
    business: str
    time: object


def split(document: object) -> list[Item]:
    """Split a parsed delivery into items, in the order received.

    Raises:
        Unreadable: there is nothing to split (wrong object, no list of entries) or far too much.
    """
    return split_entries(document, object_name="whatsapp_business_account", items_of=_entry_items)


def _entry_items(entry: Entry) -> Iterator[Item]:
    changes = entry.get("changes")
    if not isinstance(changes, list):
        yield unparsed(entry, account="", event_type="entry", reason="an entry has no list of changes")
        return
    business = identifier(entry.get("id")) or ""
    for change in changes:
        yield from _change_items(change, business=business, time=entry.get("time"))
    if not entry.keys() <= _ENTRY:
        yield _unknown_members(entry, known=_ENTRY, event_type="entry")


def _unknown_members(whole: dict[str, object], *, known: frozenset[str], event_type: str) -> Item:
    unknown = {name: whole[name] for name in whole if name not in known}
    return unparsed(unknown, account="", event_type=event_type, reason=f"{event_type} has members that are not handled")


def _change_items(raw: object, *, business: str, time: object) -> Iterator[Item]:
    change = raw if isinstance(raw, dict) else {}
    field, value = change.get("field"), change.get("value")
    place = _Place(_account(value), business, time)
    event_type = f"field.{field}" if isinstance(field, str) else "field"
    if isinstance(field, str) and field in ACCOUNT_FIELDS:
        yield account_event_item(value, field=field, account=place.account, business=business, time=time)
    elif not isinstance(field, str) or field not in _LISTS:
        kept = {"business": business, "change": raw}
        yield unparsed(kept, account=place.account, event_type=event_type, reason="this field is not handled")
    elif not isinstance(value, dict) or not place.account:
        yield unparsed(change, account=place.account, event_type=event_type, reason="a value names no phone number id")
    else:
        yield from _value_items(value, field=field, place=place)
        if not change.keys() <= _CHANGE:
            yield _unknown_members(change, known=_CHANGE, event_type="change")


def _account(value: object) -> str:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return (identifier(metadata.get("phone_number_id")) if isinstance(metadata, dict) else None) or ""


def _value_items(value: dict[str, object], *, field: str, place: _Place) -> Iterator[Item]:
    contacts = contacts_of(value.get("contacts"))
    account = place.account
    known = _LISTS[field]
    found = False
    for name in known:
        elements = value.get(name)
        if elements is None:
            continue
        found = True
        if name == "user_id_update" and isinstance(elements, dict):
            elements = [elements]  # the sources disagree whether it is a list
        if not isinstance(elements, list):
            yield unparsed(elements, account=account, event_type=f"value.{name}", reason=f"{name} is not a list")
        elif name == "messages":
            for element in elements:
                yield from message_items(element, account=account, contacts=contacts)
        else:
            for element in elements:
                yield _element_item(element, name=name, place=place, contacts=contacts)
    unknown = {name: value[name] for name in value if name not in known and name not in _FRAME}
    if unknown or not found:
        rest = unknown if found else value
        yield unparsed(rest, account=account, event_type="value", reason="a value has keys that are not handled")


def _element_item(element: object, *, name: str, place: _Place, contacts: dict[str, Contact]) -> Item:
    account = place.account
    if name == "statuses":
        return status_item(element, account=account)
    if name == "message_echoes":
        return echo_item(element, account=account, contacts=contacts)
    if name == "user_preferences":
        return preference_item(element, account=account, contacts=contacts)
    if name == "user_id_update":
        return user_id_update_item(element, account=account, contacts=contacts)
    return account_error_item(element, account=account, business=place.business, time=place.time)
