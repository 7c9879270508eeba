"""Who a WhatsApp message is from or to: a phone number, a business-scoped user id, a username, or several of them.

`from` is absent or "" when the customer has a username and no recent contact with the business: `from_user_id` names
them then (since 2026-04). Nobody is guessed: without a usable name there is no sender (C-11).
"""

import re
from typing import NamedTuple

from shared.channels.items import Identity, Item, identifier, short_text
from shared.kit.phone import match_key

_PHONE = re.compile(r"[0-9]{5,20}")


class Contact(NamedTuple):
    """An element of `contacts`: `{profile{name, username?}, wa_id?, user_id?}`."""

    phone: str | None
    user_id: str | None
    username: str | None
    name: str | None


class Party(NamedTuple):
    """A customer: the address to answer to, all names with that address first, and what the profile calls them."""

    address: str
    identities: list[Identity]
    name: str | None


def contacts_of(value: object) -> dict[str, Contact]:
    """Map phones, their match keys and user ids to contacts; malformed ones are passed over, they carry no event."""
    contacts: dict[str, Contact] = {}
    for raw in value if isinstance(value, list) else ():
        if not isinstance(raw, dict):
            continue
        profile = raw.get("profile")
        profile = profile if isinstance(profile, dict) else {}
        phone, user_id = identifier(raw.get("wa_id")), identifier(raw.get("user_id"))
        contact = Contact(phone, user_id, identifier(profile.get("username")), short_text(profile.get("name")))
        if phone is not None:
            contacts[phone] = contacts[match_key(phone)] = contact
        if user_id is not None:
            contacts[user_id] = contact
    return contacts


def party_of(phone: object, user_id: object, contacts: dict[str, Contact]) -> Party | None:
    """Return the customer of these two fields of a message, completed from the contact that they name; None: nobody.

    A message that names nobody is from the contact when there is just one.
    """
    phone, user_id = identifier(phone), identifier(user_id)
    contact = None if phone is None else contacts.get(phone) or contacts.get(match_key(phone))
    if contact is None and user_id is not None:
        contact = contacts.get(user_id)
    if phone is None and user_id is None:
        contact = _only_one(contacts)
    username = None
    if contact is not None:
        phone, user_id, username = phone or contact.phone, user_id or contact.user_id, contact.username
    address = phone or user_id
    if address is None:
        return None
    identities = identities_of(phone, user_id)
    if username is not None:
        identities.append({"kind": "username", "value": username, "match": username})
    return Party(address, identities, None if contact is None else contact.name)


def identities_of(phone: str | None, user_id: str | None) -> list[Identity]:
    """Return the names of one customer; a `phone` that is none is taken for a user id."""
    identities: list[Identity] = []
    if phone is not None:
        if is_phone(phone):
            identities.append({"kind": "phone", "value": phone, "match": match_key(phone)})
        else:
            identities.append({"kind": "user_id", "value": phone, "match": phone})
    if user_id is not None and user_id != phone:
        identities.append({"kind": "user_id", "value": user_id, "match": user_id})
    return identities


def is_phone(name: str) -> bool:
    """Whether the name is a phone number as the Cloud API writes it."""
    return _PHONE.fullmatch(name) is not None


def add_party(item: Item, party: Party) -> None:
    """Say on the item who the customer is."""
    item["customer"] = party.address
    item["identities"] = party.identities
    if party.identities[0]["kind"] == "phone":
        item["customer_phone"] = party.address
    if party.name is not None:
        item["customer_name"] = party.name


def _only_one(contacts: dict[str, Contact]) -> Contact | None:
    first = next(iter(contacts.values()), None)
    return first if all(contact is first for contact in contacts.values()) else None
