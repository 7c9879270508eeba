"""Meta's three products: what each calls itself in a delivery's `object`, and how its deliveries are split.

An app may have one callback for all of them: the object then says whose a delivery is.
"""

from collections.abc import Callable, Mapping
from typing import Final

from shared.channels.instagram import envelope as instagram
from shared.channels.items import Item, Unreadable
from shared.channels.messenger import envelope as messenger
from shared.channels.whatsapp import envelope as whatsapp

SPLITS: Final[Mapping[str, Callable[[object], list[Item]]]] = {
    "whatsapp": whatsapp.split,
    "instagram": instagram.split,
    "messenger": messenger.split,
}
_PROVIDERS: Final = {"whatsapp_business_account": "whatsapp", "instagram": "instagram", "page": "messenger"}


def provider_of(document: object) -> str:
    """Return the provider whose delivery this is, as in integrations.connections.provider.

    Raises:
        Unreadable: its object is none of the three.
    """
    name = document.get("object") if isinstance(document, dict) else None
    if not isinstance(name, str) or name not in _PROVIDERS:
        raise Unreadable("the object is none of whatsapp_business_account, instagram, page")
    return _PROVIDERS[name]
