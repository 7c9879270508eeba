"""What a medium says, in words: a transcript of what was spoken, a description of what is seen, or why there is none.

A reader implements `Reader`, as model_reader.py does. Without one every message with media carries the reason, so that
a turn, or a person, sees that something was sent that nobody read.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from shared.media.models import Transfer
from shared.platform.logs import get_logger

_log = get_logger(__name__)

LONGEST: Final = 20_000  # characters that are kept of what was read
_SPOKEN: Final = frozenset({"audio"})
_SEEN: Final = frozenset({"image", "sticker"})


class Read(Protocol):
    """Turns the bytes of one medium into words."""

    def __call__(self, data: bytes, /, *, mime_type: str) -> str:
        """The words, within half a minute; "" when there are none. May raise anything."""


class Reader(Protocol):
    """What reads each kind of media, None for a kind that nothing reads; what it costs is its own to report."""

    @property
    def transcribe(self) -> Read | None:
        """Gives what is said in a recording."""

    @property
    def describe(self) -> Read | None:
        """Gives what an image shows, and the text in it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of one medium, or why there are none.

    `unread`: no_reader, kind_not_read, nothing_said, reader_failed, or the state of a transfer that stored nothing
    (expired, refused, failed; `detail` says why).
    """

    text: str | None = None
    unread: str | None = None
    detail: str | None = None

    def as_marker(self, ordinal: int) -> str:
        """What the message's metadata says of its medium number `ordinal`, as JSON."""
        said = {"text": self.text, "unread": self.unread, "detail": self.detail}
        return json.dumps({str(ordinal): {name: value for name, value in said.items() if value is not None}})


def read_medium(
    transfer: Transfer, *, mime_type: str, size: int, load: Callable[[], bytes], reader: Reader | None
) -> Reading:
    """The words of a stored medium; whatever a reader does, the medium stays stored."""
    if reader is None:
        return Reading(unread="no_reader")
    spoken = transfer.voice or transfer.kind in _SPOKEN
    if not spoken and transfer.kind not in _SEEN:
        return Reading(unread="kind_not_read")
    read = reader.transcribe if spoken else reader.describe
    if read is None:
        return Reading(unread="no_reader")
    try:
        text = read(load(), mime_type=mime_type).strip()
    except Exception as failure:  # noqa: BLE001 - a reader is somebody else's service
        _log.warning(
            "medium could not be read", transfer_id=str(transfer.id), size=size, failure=type(failure).__name__
        )
        return Reading(unread="reader_failed", detail=type(failure).__name__)
    clean = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")[:LONGEST]
    return Reading(text=clean) if clean else Reading(unread="nothing_said")
