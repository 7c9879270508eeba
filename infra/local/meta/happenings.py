"""One thing that POST /inbound asks for: what happens, where and to whom, and what a builder makes of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.meta.media import CUSTOMER_DAYS, Medium
from infra.local.meta.sample_files import MIME_TYPES, sample
from infra.local.meta.sandbox import MetaSandbox

KIND_OF_FILE = frozenset(MIME_TYPES)


class Impossible(Exception):
    """What was asked for cannot happen; the message says what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """`wanted` is the request's object; `id` the new message's; `link_base` where files are read."""

    wanted: Mapping[str, Any]
    channel: str
    account: str
    customer: str
    kind: str
    text: str
    id: str
    sandbox: MetaSandbox
    link_base: str
    at: float = field(default_factory=time.time)

    def given(self, name: str, otherwise: Any = None) -> Any:
        """A further value of the request."""
        value = self.wanted.get(name)
        return otherwise if value is None else value

    def target(self) -> str:
        """The message that this is about: `target`, or the latest one of the conversation.

        Raises:
            Impossible: there is none.
        """
        if isinstance(self.wanted.get("target"), str):
            return str(self.wanted["target"])
        record = self.sandbox.record
        here = (self.channel, self.account, self.customer)
        said = [
            *((one.time, one.id) for one in record.inbound if (one.channel, one.account, one.customer) == here),
            *((one.time, one.wamid) for one in record.calls if (one.channel, one.phone_number_id, one.to) == here),
        ]
        if not said:
            raise Impossible(f"{self.kind} needs a target: the id of a message; nothing was said with {self.customer}")
        return max(said)[1]

    def file(self, kind: str, *, public: bool) -> Medium:
        """A new file that the customer sends."""
        mime_type = str(self.given("mime_type", MIME_TYPES[kind]))
        raw = self.wanted.get("content")
        content = raw.encode() if isinstance(raw, str) else sample(kind)
        return self.sandbox.media.add(
            content, owner=self.account, mime_type=mime_type, days=CUSTOMER_DAYS, public=public
        )

    def link(self, medium: Medium) -> str:
        """A link to a file."""
        seconds = self.sandbox.faults.on(self.channel).media_url_seconds
        return self.sandbox.media.link(medium, base=self.link_base, seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A happening as a part of a delivery.

    `place`: a change's field on WhatsApp; messaging, standby or changes elsewhere. `author`: who did it (see Inbound).
    `said`: what a conversation shows of it; None: nothing.
    """

    place: str
    content: dict[str, Any]
    author: str = "customer"
    said: str | None = None


Builder = Callable[[Happening], Part]
