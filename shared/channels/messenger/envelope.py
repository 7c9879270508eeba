"""Messenger's webhooks (`object: page`), split into items; nothing is dropped (C-05)."""

from shared.channels.entries import split_entries
from shared.channels.items import Item
from shared.channels.messenger.entries import entry_items


def split(document: object) -> list[Item]:
    """Split a parsed delivery into items, in the order received.

    Raises:
        Unreadable: there is nothing to split (wrong object, no list of entries) or far too much.
    """
    return split_entries(document, object_name="page", items_of=entry_items)
