"""Who answers in a thread: the facts of the Handover Protocol and of Conversation Routing.

Shapes: `pass_thread_control{previous_owner_app_id?, new_owner_app_id, metadata?}`, `take_thread_control{…}`,
`request_thread_control{requested_owner_app_id, metadata?}`, `app_roles{<app id>: [role, …]}`.
"""

from shared.channels.items import Item, digest_of, event_key, storable
from shared.channels.messenger.places import Element

_ATTENTION = frozenset({"take_thread_control", "app_roles"})  # another app answers from now on, or may


def thread_items(element: Element, body: object, *, name: str) -> list[Item]:
    """Turn the fact of this name into an event of the account; `customer` is there when a thread is concerned."""
    raw = element.raw
    key = event_key("a", name, element.customer or "", digest_of([raw.get("timestamp"), body]))
    item = element.item(kind="account", key=key, event_type=f"account.{name}", answerable=False)
    item["event"] = name
    item["severity"] = "attention" if name in _ATTENTION else "info"
    item["detail"] = storable(body)
    return [item]
