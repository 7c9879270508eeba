"""Streams a medium from the provider into Cloud Storage, checking it on the way: size, type, hash.

Nothing is written before the first bytes are seen to be of the declared type; what turns out wrong never gets a name.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.kit.ids import new_id
from shared.media.fetching import Answer
from shared.media.limits import limit_of
from shared.media.models import NewAsset, Transfer
from shared.media.resolving import Source
from shared.media.retrying import Failed
from shared.media.sniffing import HEAD_BYTES, disagreement, sniff, stored_type
from shared.platform.object_writing import ObjectWriting
from shared.platform.storage import Storage

PREFIX: Final = "media"


def object_name(organization_id: UUID, object_id: UUID) -> str:
    """The name of an object: ours alone, with nothing of the customer's in it. Ids are UUIDv7: names sort by time."""
    return f"{PREFIX}/{organization_id}/{object_id}"


def check_declared(transfer: Transfer, source: Source) -> None:
    """Refuse what is too large, or of a kind that it cannot be, by what is said of it. Raises Failed."""
    limit = limit_of(provider=transfer.provider, kind=transfer.kind)
    for size in (transfer.declared_size, source.size):
        if size is not None and size > limit:
            raise Failed("too_large", f"{size} bytes declared, at most {limit} for {transfer.kind}")
    if source.sha256 is not None:
        digest_of(source.sha256)


def store(transfer: Transfer, source: Source, answer: Answer, *, storage: Storage, bucket: str) -> NewAsset:
    """Store the answer's bytes as a new object. Raises Failed, and then no object is left behind."""
    limit = limit_of(provider=transfer.provider, kind=transfer.kind)
    if answer.size is not None and answer.size > limit:
        raise Failed("too_large", f"{answer.size} bytes announced, at most {limit} for {transfer.kind}")
    pieces = _measured(answer.pieces, limit=limit)
    head = _head(pieces)
    mime_type = _type_of(transfer, source, head)
    object_id = new_id()
    path = object_name(transfer.organization_id, object_id)
    try:
        writing = storage.create(bucket, path, mime_type)
        digest = _write(writing, head, pieces, source=source, answer=answer)
        stored = writing.finish()
        crash_point("media-written")
    except (Rejected, Unavailable) as away:
        raise Failed("storage_away", away.message) from away
    return NewAsset(id=object_id, path=path, mime_type=mime_type, sha256=digest.sha256, stored=stored)


def digest_of(declared: str) -> str:
    """The 64 hexadecimal digits of a hash that came as hex or as base64. Raises Failed "wrong_hash"."""
    text = declared.strip()
    if len(text) == 64:  # noqa: PLR2004 - the hex digits of 32 bytes
        try:
            return bytes.fromhex(text).hex()
        except ValueError:
            pass
    try:
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:  # noqa: PLR2004 - of SHA-256
        raise Failed("wrong_hash", "the declared hash is no SHA-256")
    return raw.hex()


class _Digest:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def add(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def _measured(pieces: Iterator[bytes], *, limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise Failed("too_large", f"more than {limit} bytes came")
        yield piece


def _head(pieces: Iterator[bytes]) -> bytes:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    if not head:
        raise Failed("empty", "no bytes came")
    return head


def _type_of(transfer: Transfer, source: Source, head: bytes) -> str:
    sniffed = sniff(head[:HEAD_BYTES])
    problem = disagreement(kind=transfer.kind, declared=source.mime_type, sniffed=sniffed)
    if problem is not None:
        raise Failed("wrong_type", problem)
    return stored_type(declared=source.mime_type, sniffed=sniffed)


def _write(writing: ObjectWriting, head: bytes, pieces: Iterator[bytes], *, source: Source, answer: Answer) -> _Digest:
    """All bytes, and only if they are what was declared: the object is not there before it is finished."""
    digest = _Digest()
    try:
        digest.add(head)
        writing.write(head)
        crash_point("media-writing")
        for piece in pieces:
            digest.add(piece)
            writing.write(piece)
        _check(digest, source, answer)
    except BaseException:
        writing.abandon()
        raise
    return digest


def _check(digest: _Digest, source: Source, answer: Answer) -> None:
    for declared in (answer.size, source.size):
        if declared is not None and declared != digest.size:
            raise Failed("wrong_size", f"{digest.size} bytes came, {declared} were declared")
    if source.sha256 is not None and digest_of(source.sha256) != digest.sha256:
        raise Failed("wrong_hash", "the bytes do not have the declared hash")
