"""One element of `messaging` or `standby`: `{sender, recipient, timestamp, <fact>: {…}}`, of Messenger and Instagram.

The facts are those of FACTS; an element normally has one. An element with none of them, or a fact that cannot be read,
becomes an unparsed item (C-05).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from shared.channels.items import Item, unparsed
from shared.channels.messenger.amendments import edit_items, reaction_items
from shared.channels.messenger.messages import message_items
from shared.channels.messenger.places import FACTS, Element, Place, element_of
from shared.channels.messenger.receipts import delivery_items, read_items
from shared.channels.messenger.signals import postback_items, signal_items
from shared.channels.messenger.threads import thread_items

_Reader = Callable[[Element, dict[str, object]], Iterable[Item] | str]
_READERS: dict[str, _Reader] = {
    "message": message_items,
    "postback": postback_items,
    "reaction": reaction_items,
    "read": read_items,
    "delivery": delivery_items,
    "message_edit": edit_items,
    **{name: partial(signal_items, name=name) for name in ("referral", "optin", "account_linking")},
    **{
        name: partial(thread_items, name=name)
        for name in ("pass_thread_control", "take_thread_control", "request_thread_control")
    },
}


def element_items(raw: object, *, place: Place) -> Iterator[Item]:
    """Turn one element into its items; at least one."""
    account = place.account
    if not isinstance(raw, dict):
        yield unparsed(raw, account=account, event_type="messaging", reason="an element is not an object")
        return
    element = element_of(raw, place=place)
    found = [name for name in FACTS if raw.get(name) is not None]
    if not found:
        yield unparsed(raw, account=account, event_type="messaging", reason="an element has no fact that is known")
    for name in found:
        body = raw[name]
        items: Iterable[Item] | str = f"{name} is not an object"
        if name == "app_roles":  # an object or, since Conversation Routing, a list of them
            items = thread_items(element, body, name=name)
        elif isinstance(body, dict):
            items = _READERS[name](element, body)
        if isinstance(items, str):
            yield unparsed(raw, account=account, event_type=f"messaging.{name}", reason=items)
        else:
            yield from items
