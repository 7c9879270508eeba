"""What the sandbox has accepted, in memory and as an append-only file of JSON lines.

A line is handed to the system before the call is answered, so a stack that is killed keeps its evidence, and the
webhooks that it still owed are known to the next one.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STATUSES = ("sent", "delivered", "read")


@dataclass(slots=True, kw_only=True)
class Call:
    """One accepted message. `body` is its text; `answered` is false when the answer was dropped on purpose."""

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


@dataclass(slots=True, kw_only=True)
class Inbound:
    """One customer's message sent through the sandbox; `delivered` once the webhook was taken with a 2xx."""

    time: str
    phone_number_id: str
    sender: str
    name: str
    text: str
    wamid: str


@dataclass(slots=True)
class Record:
    """Everything since the last clearing, in order."""

    file: Path
    calls: list[Call] = field(default_factory=list)
    reads: list[dict[str, Any]] = field(default_factory=list)
    inbound: list[Inbound] = field(default_factory=list)
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
        """Keep a customer's message."""
        self.inbound.append(inbound)
        self._write("inbound", asdict(inbound))

    def mark_done(self, wamid: str, what: str) -> None:
        """The webhook took this status ('sent', …) or this customer's message ('message')."""
        self._done.add((wamid, what))
        self._write("done", {"wamid": wamid, "what": what})

    def owed(self) -> Iterator[tuple[Call, str]]:
        """Statuses that no webhook has taken yet."""
        for call in self.calls:
            for status in STATUSES:
                if not call.statuses_lost and (call.wamid, status) not in self._done:
                    yield call, status

    def progress(self, call: Call) -> dict[str, bool]:
        """Which of its statuses the webhook has taken."""
        return {status: (call.wamid, status) in self._done for status in STATUSES}

    def owed_inbound(self) -> Iterator[Inbound]:
        """Customers' messages that no webhook has taken yet."""
        return (inbound for inbound in self.inbound if (inbound.wamid, "message") not in self._done)

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
            self.inbound.append(Inbound(**fields))
        elif kind == "done":
            self._done.add((fields["wamid"], fields["what"]))
