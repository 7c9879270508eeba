"""A customer's new name: a changed phone number, or a changed business-scoped user id (C-11).

Shapes: `system{type, wa_id or new_wa_id, …}` of a message from the old number, and the field `user_id_update` with
`{wa_id?, user_id{previous, current}, timestamp?}`.
"""

from shared.channels.items import Identity, Item, event_key, fact, identifier, moment_of, unparsed
from shared.channels.whatsapp.senders import Contact, Party, add_party, identities_of, party_of

_CHANGES = frozenset({"user_changed_number", "customer_changed_number", "user_changed_user_id"})


def renamed_item(raw: dict[str, object], *, account: str, identity: str, party: Party) -> Item | None:
    """Return the new names that a system message tells of; None when it tells of none.

    Args:
        raw: the element of `messages`.
        account: the phone number id.
        identity: the message's id.
        party: the customer under the old names.
    """
    system = raw.get("system")
    if not isinstance(system, dict) or identifier(system.get("type")) not in _CHANGES:
        return None
    phone = identifier(system.get("wa_id")) or identifier(system.get("new_wa_id"))
    user_id = identifier(system.get("user_id")) or identifier(system.get("new_user_id"))
    return _renaming(
        raw,
        account=account,
        key=event_key("i", identity),
        event_type="identity.system",
        new=identities_of(phone, user_id),
        previous=party.identities,
    )


def user_id_update_item(raw: object, *, account: str, contacts: dict[str, Contact]) -> Item:
    """Turn one update of the field `user_id_update` into an item."""
    user_id = raw.get("user_id") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(user_id, dict):
        return _not_read(raw, account, "an update of a user id has no user_id")
    previous, current = identifier(user_id.get("previous")), identifier(user_id.get("current"))
    if previous is None or current is None:
        return _not_read(raw, account, "an update of a user id does not name both ids")
    party = party_of(raw.get("wa_id"), current, contacts)
    item = _renaming(
        raw,
        account=account,
        key=event_key("i", previous, current),
        event_type="identity.user_id_update",
        new=identities_of(None, current) if party is None else party.identities,
        previous=identities_of(None, previous),
    )
    if item is None:
        return _not_read(raw, account, "an update of a user id changes nothing")
    if party is not None:
        add_party(item, party)
    return item


def _renaming(  # noqa: PLR0913 - the parts of one item
    raw: dict[str, object], *, account: str, key: str, event_type: str, new: list[Identity], previous: list[Identity]
) -> Item | None:
    known = {(name["kind"], name["match"]) for name in previous}
    if all((name["kind"], name["match"]) in known for name in new):
        return None
    item = fact(raw, kind="identity", account=account, key=key, event_type=event_type)
    item["occurred_at"] = moment_of(raw.get("timestamp"))
    item["customer"] = new[0]["value"]
    item["identities"] = new
    item["previous"] = previous
    return item


def _not_read(raw: object, account: str, reason: str) -> Item:
    return unparsed(raw, account=account, event_type="identity.user_id_update", reason=reason)
