"""One element of `message_echoes`: what somebody wrote in the WhatsApp Business app on the phone (C-13).

Shape: a message with `from` (the business) and `to?`, `to_user_id?` (the customer).
"""

from shared.channels.items import MESSAGE_ID_LIMIT, Item, digest_of, event_key, fact, identifier, moment_of, unparsed
from shared.channels.outbox_ids import outbox_id_of
from shared.channels.whatsapp.amendments import AMENDMENTS, amendment_item
from shared.channels.whatsapp.messages import content_item
from shared.channels.whatsapp.senders import Contact, Party, add_party, party_of


def echo_item(raw: object, *, account: str, contacts: dict[str, Contact]) -> Item:
    """Turn one element of `message_echoes` into an item: an echo, or an edit or deletion of one."""
    if not isinstance(raw, dict):
        return unparsed(raw, account=account, event_type="echo", reason="an echo is not an object")
    kind = raw.get("type")
    identity = identifier(raw.get("id"), limit=MESSAGE_ID_LIMIT)
    party = party_of(raw.get("to"), raw.get("to_user_id"), contacts)
    if not isinstance(kind, str) or identity is None:
        return unparsed(raw, account=account, event_type="echo", reason="an echo has no usable id or type")
    if party is None:
        return unparsed(raw, account=account, event_type=f"echo.{kind}", reason="an echo names no usable recipient")
    if kind in AMENDMENTS and kind != "reaction":
        return amendment_item(raw, kind=kind, account=account, identity=identity, party=party)
    make = _reaction if kind == "reaction" else _message
    return make(raw, kind=kind, account=account, identity=identity, party=party)


def _message(raw: dict[str, object], *, kind: str, account: str, identity: str, party: Party) -> Item:
    shown = {name: value for name, value in raw.items() if name not in {"to", "to_user_id"}}
    item = content_item(shown, kind=kind, account=account, identity=identity, party=party, word="echo")
    if item["kind"] == "unparsed":
        return unparsed(raw, account=account, event_type=item["event_type"], reason=item["reason"])
    item["digest"] = digest_of(raw)
    outbox_id = outbox_id_of(raw.get("biz_opaque_callback_data"))
    if outbox_id is not None:
        item["outbox_id"] = outbox_id
    return item


def _reaction(raw: dict[str, object], *, kind: str, account: str, identity: str, party: Party) -> Item:
    """Make an echo of the business's own reaction: a person was there, and wrote an emoji under a message."""
    body = raw.get(kind)
    target = identifier(body.get("message_id"), limit=MESSAGE_ID_LIMIT) if isinstance(body, dict) else None
    if not isinstance(body, dict) or target is None:
        return unparsed(raw, account=account, event_type="echo.reaction", reason="a reaction names no message")
    item = fact(raw, kind="echo", account=account, key=event_key("m", identity), event_type="echo.reaction")
    item["event_id"] = identity
    item["occurred_at"] = moment_of(raw.get("timestamp"))
    item["message_type"] = "reaction"
    item["text"] = identifier(body.get("emoji"))
    item["reply_to"] = target
    add_party(item, party)
    return item
