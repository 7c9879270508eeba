"""What the sandbox has accepted, in memory and as an append-only file of JSON lines.

A line is handed to the system before the call is answered, so a stack that is killed keeps its evidence, and the
webhooks that it still owed are known to the next one.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.meta.windows import Windows

STATUSES = ("sent", "delivered", "read")
_EVENTS = {"whatsapp": STATUSES, "messenger": ("echo", "delivered", "read"), "instagram": ("echo", "read")}


@dataclass(slots=True, kw_only=True)
class Call:
    """One accepted message. `body` is its text; `answered` is false when the answer was dropped on purpose.

    On Instagram and Messenger `phone_number_id` is the account's id, `wamid` the message's and
    `biz_opaque_callback_data` its metadata.
    """

    time: str  # RFC 3339, UTC
    phone_number_id: str
    to: str
    body: str | None
    biz_opaque_callback_data: str | None
    wamid: str
    type: str
    answered: bool
    payload: dict[str, Any]
    statuses_lost: bool = False
    channel: str = "whatsapp"
    echo_lost: bool = False
    failed_with: int | None = None  # the code of the status "failed", which then is the only one

    @property
    def events(self) -> tuple[str, ...]:
        """What the webhook hears of it, in order."""
        if self.failed_with is not None:
            return ("failed",)
        lost = self.statuses_lost
        return tuple(event for event in _EVENTS[self.channel] if not (self.echo_lost if event == "echo" else lost))


@dataclass(slots=True, kw_only=True)
class Inbound:
    """One thing that the sandbox told of by itself: what a customer or a person of the business did, or Meta.

    `author`: customer, business (a person in its app) or meta. `text` is what a conversation shows; None: nothing.
    """

    id: str
    time: str
    channel: str
    account: str
    customer: str
    author: str
    text: str | None
    name: str = "Cliente"


@dataclass(slots=True, kw_only=True)
class Posted:
    """One delivery of such things: the very bytes, and whose secret signs them."""

    id: str
    channel: str
    by_instagram: bool
    body: str


@dataclass(slots=True)
class Record:
    """Everything since the last clearing, in order."""

    file: Path
    calls: list[Call] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)
    inbound: list[Inbound] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    windows: Windows = field(default_factory=Windows)
    stopped: set[tuple[str, str]] = field(default_factory=set)  # (number, customer): no marketing any more
    _done: set[tuple[str, str]] = field(default_factory=set)  # (wamid, status or "message") taken by the webhook
    _handle: int = -1

    def open(self) -> None:
        """Read what earlier runs have written, and go on writing."""
        if self.file.exists():
            for line in self.file.read_bytes().split(b"\n"):
                self._replay(line)
        self._handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def close(self) -> None:
        """Close the file."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def clear(self) -> None:
        """Forget everything."""
        self.calls.clear()
        self.reads.clear()
        self.inbound.clear()
        self.posted.clear()
        self.windows.clear()
        self.stopped.clear()
        self._done.clear()
        os.ftruncate(self._handle, 0)

    def add_call(self, call: Call) -> None:
        """Keep an accepted message."""
        self.calls.append(call)
        self._write("call", asdict(call))

    def add_read(self, read: dict[str, Any]) -> None:
        """Keep a read receipt."""
        self.reads.append(read)
        self._write("read", read)

    def add_inbound(self, inbound: Inbound) -> None:
        """Keep what happened; a customer's message opens the window."""
        self._keep_inbound(inbound)
        self._write("inbound", asdict(inbound))

    def add_posted(self, posted: Posted) -> None:
        """Keep a delivery that has to be taken."""
        self.posted.append(posted)
        self._write("posted", asdict(posted))

    def set_window(self, channel: str, account: str, customer: str, *, at: float | None) -> None:
        """The customer wrote last then (Unix seconds); None: nobody knows."""
        self.windows.wrote(channel, account, customer, at=at)
        self._write("window", {"channel": channel, "account": account, "customer": customer, "at": at})

    def set_marketing(self, account: str, customer: str, *, wanted: bool) -> None:
        """The customer wants marketing messages of this number, or none any more."""
        self._keep_marketing(account, customer, wanted=wanted)
        self._write("marketing", {"account": account, "customer": customer, "wanted": wanted})

    def mark_done(self, wamid: str, what: str) -> None:
        """The webhook took this event of a message ('sent', …) or this delivery ('posted')."""
        self._done.add((wamid, what))
        self._write("done", {"wamid": wamid, "what": what})

    def owed(self) -> Iterator[tuple[Call, str]]:
        """Statuses and other events of messages that no webhook has taken yet."""
        for call in self.calls:
            for status in call.events:
                if (call.wamid, status) not in self._done:
                    yield call, status

    def progress(self, call: Call) -> dict[str, bool]:
        """Which of its statuses the webhook has taken."""
        return {status: (call.wamid, status) in self._done for status in STATUSES}

    def owed_inbound(self) -> Iterator[Posted]:
        """Deliveries that no webhook has taken yet."""
        return (posted for posted in self.posted if (posted.id, "posted") not in self._done)

    def _keep_inbound(self, inbound: Inbound) -> None:
        self.inbound.append(inbound)
        if inbound.author == "customer":
            at = datetime.fromisoformat(inbound.time).timestamp()
            self.windows.wrote(inbound.channel, inbound.account, inbound.customer, at=at)

    def _keep_marketing(self, account: str, customer: str, *, wanted: bool) -> None:
        if wanted:
            self.stopped.discard((account, customer))
        else:
            self.stopped.add((account, customer))

    def _write(self, kind: str, fields: dict[str, Any]) -> None:
        line = json.dumps({"kind": kind, **fields}, ensure_ascii=True, separators=(",", ":"))
        os.write(self._handle, line.encode() + b"\n")

    def _replay(self, line: bytes) -> None:
        try:
            fields = json.loads(line)
        except ValueError:
            return  # the last line of a run that was killed in the middle of it
        kind = fields.pop("kind", None)
        if kind == "call":
            self.calls.append(Call(**fields))
        elif kind == "read":
            self.reads.append(fields)
        elif kind == "inbound":
            self._keep_inbound(Inbound(**fields))
        elif kind == "posted":
            self.posted.append(Posted(**fields))
        elif kind == "marketing":
            self._keep_marketing(fields["account"], fields["customer"], wanted=fields["wanted"])
        elif kind == "window":
            self.windows.wrote(fields["channel"], fields["account"], fields["customer"], at=fields["at"])
        elif kind == "done":
            self._done.add((fields["wamid"], fields["what"]))
