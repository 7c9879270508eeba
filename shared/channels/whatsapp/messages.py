"""One element of `messages`, or of the echoes of messages that were sent from the account by somebody else.

Shape, as the Cloud API sends it: `{id, from?, from_user_id?, timestamp, type, <type>{…}, context?, referral?, …}`. An
element becomes a message, an amendment of another message, or an unparsed item; what else it holds is its metadata.
"""

from collections.abc import Iterator

from shared.channels.items import (
    MESSAGE_ID_LIMIT,
    Item,
    digest_of,
    event_key,
    fact,
    identifier,
    leftovers,
    moment_of,
    unparsed,
    within_limit,
)
from shared.channels.whatsapp.amendments import AMENDMENTS, amendment_item
from shared.channels.whatsapp.contents import content_of
from shared.channels.whatsapp.identities import renamed_item
from shared.channels.whatsapp.senders import Contact, Party, add_party, party_of
from shared.kit.clock import parse_provider_timestamp
from shared.kit.ids import new_id

_READ_KEYS = frozenset({"id", "from", "from_user_id", "timestamp", "type"})
_READ_KEYS_OF_TEXT = _READ_KEYS | {"text"}


def message_items(raw: object, *, account: str, contacts: dict[str, Contact]) -> Iterator[Item]:
    """Turn one element of `messages` into its item, or two when a customer's name changed.

    Args:
        raw: the element as received.
        account: the phone number id that it was sent to.
        contacts: from `contacts_of`.
    """
    if not isinstance(raw, dict):
        yield unparsed(raw, account=account, event_type="message", reason="a message is not an object")
        return
    kind = raw.get("type")
    identity = identifier(raw.get("id"), limit=MESSAGE_ID_LIMIT)
    party = party_of(raw.get("from"), raw.get("from_user_id"), contacts)
    if kind == "text" and identity is not None and party is not None:
        text = raw.get("text")
        body = text.get("body") if isinstance(text, dict) else None
        if isinstance(body, str):
            yield _text_message(raw, account=account, identity=identity, body=body, party=party)
            return
    yield from _other_items(raw, account=account, kind=kind, identity=identity, party=party)


def _text_message(
    raw: dict[str, object], *, account: str, identity: str, body: str, party: Party
) -> Item:  # the most frequent of all items: made in one piece, because a call more for each part is felt
    text, flags = within_limit(body)
    occurred_at, timestamp_unusable = parse_provider_timestamp(raw.get("timestamp"))
    metadata = leftovers(raw, known=_READ_KEYS_OF_TEXT)
    if flags:
        metadata.update(flags)
    if timestamp_unusable:
        metadata["timestamp_unusable"] = True
    item: Item = {
        "id": str(new_id()),
        "kind": "message",
        "account": account,
        "key": event_key("m", identity),
        "digest": digest_of(raw),
        "event_type": "message.text",
        "event_id": identity,
        "occurred_at": None if occurred_at is None else occurred_at.isoformat(),
        "message_type": "text",
        "text": text,
    }
    add_party(item, party)
    if metadata:
        _add_metadata(item, metadata)
    return item


def _other_items(
    raw: dict[str, object], *, account: str, kind: object, identity: str | None, party: Party | None
) -> Iterator[Item]:
    event_type = f"message.{kind}" if isinstance(kind, str) else "message"
    if party is None and kind == "system":
        party = party_of(_former_number(raw), None, {})
    if not isinstance(kind, str):
        reason: str | None = "a message has no type"
    elif identity is None:
        reason = "a message has no usable id"
    else:
        reason = "a message names no usable sender" if party is None else None
    if reason is not None or not isinstance(kind, str) or identity is None or party is None:
        yield unparsed(raw, account=account, event_type=event_type, reason=reason or "")
    elif kind in AMENDMENTS:
        yield amendment_item(raw, kind=kind, account=account, identity=identity, party=party)
    else:
        item = content_item(raw, kind=kind, account=account, identity=identity, party=party)
        yield item
        if kind == "system" and item["kind"] == "message":
            renamed = renamed_item(raw, account=account, identity=identity, party=party)
            if renamed is not None:
                yield renamed


def content_item(  # noqa: PLR0913 - the parts of one element, all of them needed
    raw: dict[str, object], *, kind: str, account: str, identity: str, party: Party, word: str = "message"
) -> Item:
    """Make a message, or the echo of one (`word` is "echo" then), of an element that is no amendment."""
    content = content_of(kind, raw.get(kind))
    if isinstance(content, str):
        return unparsed(raw, account=account, event_type=f"{word}.{kind}", reason=content)
    item = fact(raw, kind=word, account=account, key=event_key("m", identity), event_type=f"{word}.{kind}")
    item["event_id"] = identity
    item["occurred_at"] = moment_of(raw.get("timestamp"))
    item["message_type"] = kind
    item["text"] = None
    metadata = leftovers(raw, known=_READ_KEYS | {kind})
    if content.text is not None:
        item["text"], flags = within_limit(content.text)
        metadata.update(flags)
    if content.media:
        item["media"] = list(content.media)
    if content.rest:
        metadata[kind] = content.rest
    if item["occurred_at"] is None:
        metadata["timestamp_unusable"] = True
    add_party(item, party)
    _add_metadata(item, metadata)
    if not content.answerable:
        item["answerable"] = False
    return item


def _add_metadata(item: Item, metadata: dict[str, object]) -> None:
    if not metadata:
        return
    item["metadata"] = metadata
    context = metadata.get("context")
    replied = identifier(context.get("id"), limit=MESSAGE_ID_LIMIT) if isinstance(context, dict) else None
    if replied is not None:
        item["reply_to"] = replied
    if metadata.get("group_id"):  # an answer to one member would be out of place
        item["answerable"] = False


def _former_number(raw: dict[str, object]) -> object:
    system = raw.get("system")
    return system.get("customer") if isinstance(system, dict) else None
