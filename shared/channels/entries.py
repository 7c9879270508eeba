"""The envelope that Meta's products have in common: `{object, entry: [{id, time?, …}]}`.

Batching of entries, and of what is in them, is Meta's choice: one delivery may hold several tenants' accounts.
"""

from collections.abc import Callable, Iterable

from shared.channels.items import Item, Unreadable, unparsed

ITEMS_LIMIT = 5000  # Meta batches up to 1,000 updates; this many still commit well within the statement's ten seconds

Entry = dict[str, object]


def split_entries(document: object, *, object_name: str, items_of: Callable[[Entry], Iterable[Item]]) -> list[Item]:
    """Split a parsed delivery into items, in the order received.

    Args:
        document: the parsed body.
        object_name: the `object` that the body must name.
        items_of: takes one entry, which is an object, apart.

    Raises:
        Unreadable: there is nothing to split (wrong object, no list of entries) or far too much.
    """
    if not isinstance(document, dict):
        raise Unreadable("the body is not an object")
    if document.get("object") != object_name:
        raise Unreadable(f"the object is not {object_name}")
    entries = document.get("entry")
    if not isinstance(entries, list):
        raise Unreadable("entry is not a list")
    items: list[Item] = []
    for entry in entries:
        if not isinstance(entry, dict):
            items.append(unparsed(entry, account="", event_type="entry", reason="an entry is not an object"))
        else:
            for item in items_of(entry):
                items.append(item)
                if len(items) > ITEMS_LIMIT:
                    break
        if len(items) > ITEMS_LIMIT:
            raise Unreadable(f"more than {ITEMS_LIMIT} items in one delivery")
    return items
