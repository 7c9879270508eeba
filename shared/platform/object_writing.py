"""One object being written piece by piece: nothing has its name before `finish`, and `abandon` leaves nothing."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.kit.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

# One request of a resumable upload, a multiple of 256 KiB (Cloud Storage's rule); an instance holds two for each
# object that it writes.
PIECE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What Cloud Storage says of an object: `crc32c` is base64 of four bytes, the highest first."""

    size: int
    crc32c: str
    generation: int


class ObjectWriting:
    """Made by `Storage.create`. `call` puts the client's troubles in our words; each method may raise `Unavailable`."""

    def __init__(self, blob: Any, writer: Any, call: Callable[..., Any]) -> None:
        import google_crc32c  # noqa: PLC0415 (a starting instance does not wait for it)

        self._blob = blob
        self._writer = writer
        self._call = call
        checksum: Any = google_crc32c.Checksum
        self._checksum = checksum()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take the next bytes; they leave in pieces."""
        self._checksum.update(data)
        self._size += len(data)
        self._call(self._writer.write, data)

    def finish(self) -> StoredObject:
        """End the object and compare what is stored with what was written.

        Raises `Rejected` "object_exists" when the name was taken, `Unavailable` when what arrived is not what was sent.
        """
        self._call(self._writer.close)
        self._call(self._blob.reload)
        stored = StoredObject(int(self._blob.size), str(self._blob.crc32c), int(self._blob.generation))
        if (stored.size, stored.crc32c) != (self._size, base64.b64encode(self._checksum.digest()).decode()):
            raise Unavailable(f"object {self._blob.name} was stored with other bytes than were sent")
        return stored

    def abandon(self) -> None:
        """Drop what was written; what Cloud Storage keeps of an upload that was never ended it forgets after a week."""
        with contextlib.suppress(Rejected, Unavailable):
            self._call(self._writer.terminate)
