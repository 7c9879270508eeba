"""Where an element of `messaging` or `standby` stands, and which of its two parties is the customer."""

from typing import NamedTuple

from shared.channels.items import Identity, Item, fact, identifier, leftovers, moment_of


class Place(NamedTuple):
    """The account (page, or Instagram professional account) and whether another app owns the thread (`standby`)."""

    account: str
    standby: bool = False


class Element(NamedTuple):
    """An element with what all of its facts share: `{sender{id}, recipient{id}, timestamp, …}`."""

    raw: dict[str, object]
    place: Place
    customer: str | None
    username: str | None

    def item(self, *, kind: str, key: str, event_type: str, answerable: bool = True) -> Item:
        """Begin an item of this element; what comes by `standby` is never answered (C-15)."""
        item = fact(self.raw, kind=kind, account=self.place.account, key=key, event_type=event_type)
        item["occurred_at"] = moment_of(self.raw.get("timestamp"))
        if self.customer is not None:
            item["customer"] = self.customer
            identities: list[Identity] = [{"kind": "scoped_id", "value": self.customer, "match": self.customer}]
            if self.username is not None:
                identities.append({"kind": "username", "value": self.username, "match": self.username})
            item["identities"] = identities
        if self.place.standby or not answerable:
            item["answerable"] = False
        return item

    def metadata(self, *, more: dict[str, object]) -> dict[str, object]:
        """Return what belongs to a message besides what is read of it: `more`, and unknown members of the element."""
        metadata = leftovers(self.raw, known=_READ_KEYS)
        metadata.update(more)
        if moment_of(self.raw.get("timestamp")) is None:
            metadata["timestamp_unusable"] = True
        if self.place.standby:
            metadata["standby"] = True
        return metadata


FACTS = (
    "message",
    "postback",
    "reaction",
    "read",
    "delivery",
    "message_edit",
    "referral",
    "optin",
    "account_linking",
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
    "app_roles",
)
_READ_KEYS = frozenset({"sender", "recipient", "timestamp", *FACTS})


def element_of(raw: dict[str, object], *, place: Place) -> Element:
    """Find the customer: the recipient of an echo and of what the account itself did, else the sender."""
    sender, recipient = _id_of(raw.get("sender")), _id_of(raw.get("recipient"))
    message = raw.get("message")
    by_account = sender == place.account or (isinstance(message, dict) and message.get("is_echo") is True)
    customer, party = (recipient, raw.get("recipient")) if by_account else (sender, raw.get("sender"))
    username = identifier(party.get("username")) if isinstance(party, dict) else None
    return Element(raw, place, customer, username)


def _id_of(party: object) -> str | None:
    return identifier(party.get("id")) if isinstance(party, dict) else None
