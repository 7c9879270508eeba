"""One entry of a page or of an Instagram account: `{id, time, messaging[] | standby[] | changes[{field, value}]}`.

The dashboard's test button sends Instagram's messages as `changes`; they give the same items (C-15).
"""

from collections.abc import Iterator

from shared.channels.entries import Entry
from shared.channels.items import Item, identifier, unparsed
from shared.channels.messenger.messaging import element_items
from shared.channels.messenger.places import FACTS, Place

_LISTS = ("messaging", "standby", "changes")
_FRAME = frozenset({"id", "time"})


def entry_items(entry: Entry) -> Iterator[Item]:
    """Take one entry apart; at least one item."""
    account = identifier(entry.get("id")) or ""
    found = False
    for name in _LISTS:
        elements = entry.get(name)
        if elements is None:
            continue
        found = True
        if not isinstance(elements, list):
            yield unparsed(elements, account=account, event_type=f"entry.{name}", reason=f"{name} is not a list")
            continue
        for element in elements:
            if name == "changes":
                yield from _change_items(element, account=account)
            else:
                yield from element_items(element, place=Place(account, name == "standby"))
    unknown = {name: entry[name] for name in entry if name not in _LISTS and name not in _FRAME}
    if unknown or not found:
        rest = unknown if found else entry
        yield unparsed(rest, account=account, event_type="entry", reason="an entry has keys that are not handled")


def _change_items(change: object, *, account: str) -> Iterator[Item]:
    field = change.get("field") if isinstance(change, dict) else None
    value = change.get("value") if isinstance(change, dict) else None
    if isinstance(value, dict) and any(isinstance(value.get(name), dict) for name in FACTS) and "sender" in value:
        yield from element_items(value, place=Place(account, field == "standby"))
    else:
        event_type = f"field.{field}" if isinstance(field, str) else "field"
        yield unparsed(change, account=account, event_type=event_type, reason="this field is not handled")
