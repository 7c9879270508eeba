"""The rows of a transfer, and what became of one run."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.platform.object_writing import StoredObject


@dataclass(frozen=True, slots=True)
class Asset:
    """A row of platform.media_assets that is ready."""

    id: UUID
    path: str
    mime_type: str
    size: int
    generation: int | None
    original_file_name: str | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A claimed row of platform.media_transfers, with the connection that it came by."""

    organization_id: UUID
    id: UUID
    message_id: UUID
    connection_id: UUID
    attempt: int
    ordinal: int
    kind: str
    provider_media_id: str | None
    url: str | None
    declared_mime_type: str | None
    declared_sha256: str | None
    declared_size: int | None
    file_name: str | None
    voice: bool
    provider: str
    sealed_token: str | None
    known: Asset | None
    """An asset of the organization with the declared hash: the bytes need not come again."""


@dataclass(frozen=True, slots=True)
class NewAsset:
    """Bytes that are stored and checked, not yet in a row."""

    id: UUID
    path: str
    mime_type: str
    sha256: str
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What a run did: the row's state ("idle": nothing was due, "lost": another attempt has it), when to come again."""

    state: str
    code: str | None = None
    next_at: datetime | None = None
