"""Items: the separate facts of one webhook delivery, as the database function takes them.

A delivery is split into items (a message, a status, or something that this version does not understand). Each has a key
that decides whether it was seen before, and a digest that tells whether a repetition says something else.
"""

import json
import math
from collections.abc import Collection
from hashlib import sha256
from typing import NotRequired, TypedDict

from shared.kit.clock import parse_provider_timestamp
from shared.kit.ids import new_id
from shared.kit.text import clean_text, truncate

KEY_LIMIT = 510  # characters of integrations.webhook_keys.event_key, less the "q:" that the database may put before it
NAME_LIMIT = 100  # characters of an event type
IDENTIFIER_LIMIT = 255  # characters of an account, a customer or a short word of a provider
MESSAGE_ID_LIMIT = 1000  # characters of platform.messages.external_message_id
TEXT_LIMIT = 1_000_000  # bytes of UTF-8 that platform.messages holds; the whole text is in the sealed delivery
_EXACT_IN_JSONB = 1e18  # a larger (or far smaller) float would be written out in hundreds of digits


class Unreadable(Exception):
    """An authentic body that cannot be split into items; `reason` says why, in a few words without its content."""

    def __init__(self, reason: str) -> None:
        """Take the reason."""
        super().__init__(reason)
        self.reason = reason


class Identity(TypedDict):
    """A name by which a provider knows a customer.

    kind: phone (digits) | user_id (WhatsApp's business-scoped id) | username | scoped_id (Instagram's and Messenger's).
    value: as it came; match: what equality is decided by (see shared.kit.phone), else the same as the value.
    """

    kind: str
    value: str
    match: str


class Media(TypedDict):
    """A file of a message, still at the provider; at least one of `id` and `url` is there."""

    kind: str  # image | audio | video | document | sticker; story | share: its bytes tell what it is
    id: NotRequired[str]
    url: NotRequired[str]
    mime_type: NotRequired[str]  # as declared, with parameters: audio/ogg; codecs=opus
    sha256: NotRequired[str]  # as declared: hex or base64
    size: NotRequired[int]  # bytes, as declared
    filename: NotRequired[str]  # as declared: for showing, never for a path
    voice: NotRequired[bool]  # a voice note, not a file of sound
    animated: NotRequired[bool]  # a sticker that moves


class Item(TypedDict):
    """One fact of a delivery; also a row of the items that `integrations.record_deliveries` reads.

    `id` becomes the id of the webhook event, and of the message or status that it creates. The kinds:

    - message: of a customer. Its `message_type`: text, image, video, sticker, document, audio, location, contacts,
      interactive, button, order, system, postback, referral, story, share, template, unsupported, or another word of
      the provider's.
    - echo: as a message, but sent from the account by a person or another app; `customer` got it.
    - edit, deletion, reaction: of the message with the provider's id `target`.
    - status: what became of the message with the provider's id `event_id`.
    - watermark: `status` (delivered or read) of all that `customer` was sent until `occurred_at`.
    - identity: the customer is now named by `customer` and `identities`; the old names are `previous`.
    - preference: the customer's `choice` about marketing messages.
    - account: something happened to the account or, when `account` is "", to the `business`.
    - unparsed: not understood by this version.
    """

    id: str
    kind: str
    account: str  # the provider's name of the account, as in integrations.connections.account_identifier; "" when none
    key: str
    digest: str  # 32 hex digits
    event_type: str
    delivery: NotRequired[int]  # place of its delivery in the group, from 0
    ordinal: NotRequired[int]  # place in its delivery, from 0
    business: NotRequired[str]  # WhatsApp: the business account's id, of events that concern the account
    event_id: NotRequired[str]  # the provider's id of the message; absent when it gives none
    occurred_at: NotRequired[str | None]  # ISO 8601; None or absent: the time of receipt counts
    # who: of messages, echoes, amendments, watermarks, identities, preferences
    customer: NotRequired[str]  # the address as it came, which is also the address to answer to
    customer_phone: NotRequired[str | None]
    customer_name: NotRequired[str | None]
    identities: NotRequired[list[Identity]]  # all names of the customer in this item, the one in `customer` first
    previous: NotRequired[list[Identity]]
    # a message, an echo, an edit
    message_type: NotRequired[str]
    text: NotRequired[str | None]  # what a person would read of it; None when there is nothing
    metadata: NotRequired[dict[str, object]]
    media: NotRequired[list[Media]]
    reply_to: NotRequired[str]  # the provider's id of the message that it answers
    answerable: NotRequired[bool]  # False: stored, and nobody answers it; absent: True
    app_id: NotRequired[str]  # the app that sent an echo
    # an edit, a deletion, a reaction
    target: NotRequired[str]
    emoji: NotRequired[str | None]  # None: the reaction was taken back
    # a preference
    choice: NotRequired[str]  # stop | resume
    # of an account
    event: NotRequired[str]  # one word
    severity: NotRequired[str]  # info | attention
    detail: NotRequired[object]  # the provider's words about it
    # a status, a watermark; outbox_id also of an echo
    status: NotRequired[str]
    recipient: NotRequired[str | None]
    outbox_id: NotRequired[str | None]
    error_code: NotRequired[str | None]
    error_detail: NotRequired[str | None]
    pricing_billable: NotRequired[bool | None]
    pricing_model: NotRequired[str | None]
    pricing_type: NotRequired[str | None]
    pricing_category: NotRequired[str | None]
    conversation_origin: NotRequired[str | None]
    # not understood
    reason: NotRequired[str]
    payload: NotRequired[object]


def digest_of(value: object) -> str:
    """Return 32 hex digits that are equal for equal JSON values, whatever their spelling and order of keys."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode("ascii")).hexdigest()[:32]


def event_key(prefix: str, *parts: str) -> str:
    """Join the parts of a key, which are identifiers; a key that is too long is replaced by its hash."""
    joined = ":".join((prefix, *parts))
    return joined if len(joined) <= KEY_LIMIT else f"{prefix}#{sha256(joined.encode()).hexdigest()}"


def fact(raw: object, *, kind: str, account: str, key: str, event_type: str) -> Item:
    """Begin an item with what all have.

    Args:
        raw: what it was read from; its digest tells whether a repetition says something else.
        kind: one of those that `Item` lists.
        account: the account it belongs to, or "" when it names none.
        key: what it is known by, from `event_key`.
        event_type: a short name, for example `message.image`.
    """
    return {
        "id": str(new_id()),
        "kind": kind,
        "account": account,
        "key": key,
        "digest": digest_of(raw),
        "event_type": clean_text(event_type)[0][:NAME_LIMIT],
    }


def unparsed(raw: object, *, account: str, event_type: str, reason: str) -> Item:
    """Keep what this version does not understand: the raw value and why it was not understood (C-05).

    Args:
        raw: the JSON value as received.
        account: the account it names, or "" when it names none.
        event_type: what it seems to be, for example `message.image`.
        reason: one plain sentence.
    """
    item = fact(raw, kind="unparsed", account=account, key="", event_type=event_type)
    item["key"] = f"u:{item['digest']}"
    item["reason"] = reason
    item["payload"] = storable(raw)
    return item


def key_part(value: object) -> str:
    """Return a part of a key for a value that should be a number or a short text, and may be anything."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return identifier(value) or digest_of(value)


def leftovers(raw: dict[str, object], *, known: Collection[str]) -> dict[str, object]:
    """Return the members that are not known, in a form that can be stored."""
    return {clean_text(name)[0]: storable(value) for name, value in raw.items() if name not in known}


def moment_of(timestamp: object) -> str | None:
    """Return a provider's time as an item has it; None when it cannot be true."""
    moment, _ = parse_provider_timestamp(timestamp)
    return None if moment is None else moment.isoformat()


def within_limit(text: str) -> tuple[str, dict[str, object]]:
    """Return text from outside as platform.messages can hold it, and flags for the metadata of what was changed."""
    flags: dict[str, object] = {}
    text, cleaned = clean_text(text)
    if cleaned:
        flags["text_cleaned"] = True
    if len(text) * 4 > TEXT_LIMIT:  # no character takes more than four bytes
        raw = text.encode()
        if len(raw) > TEXT_LIMIT:
            fitting = raw[:TEXT_LIMIT].decode(errors="ignore")
            text = truncate(fitting, len(fitting) - 1)
            flags["text_truncated"] = True
    return text, flags


def short_text(value: object) -> str | None:
    """Return a name or title for showing, cleaned and of at most 255 characters; None when there is none."""
    return truncate(clean_text(value)[0], IDENTIFIER_LIMIT) if isinstance(value, str) and value else None


def identifier(value: object, *, limit: int = IDENTIFIER_LIMIT) -> str | None:
    """Return a provider's id or short word as it is; None unless it is text of 1 to `limit` characters.

    Text that would have to be cleaned to be stored is none either: two different ids might become the same.
    """
    if isinstance(value, str) and 0 < len(value) <= limit and not clean_text(value)[1]:
        return value
    return None


def storable(value: object) -> object:
    """Return the JSON value in a form that jsonb takes and gives back in about the same size.

    NUL and lone surrogates are replaced, and floats that jsonb would write out digit by digit become text (`1e308`
    has 309 digits). The untouched bytes are in the sealed delivery.
    """
    if isinstance(value, str):
        return clean_text(value)[0]
    if isinstance(value, dict):
        return {clean_text(name)[0]: storable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [storable(member) for member in value]
    if isinstance(value, float) and not _short_in_jsonb(value):
        return repr(value)
    return value


def _short_in_jsonb(value: float) -> bool:
    return math.isfinite(value) and (value == 0 or 1 / _EXACT_IN_JSONB < abs(value) < _EXACT_IN_JSONB)
