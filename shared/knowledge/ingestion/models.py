"""The rows of the work on knowledge, and what became of one run."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    """A claimed row of platform.knowledge_ingestions; `attempt` is its fence, `failures` how many failed."""

    organization_id: UUID
    id: UUID
    kind: str
    attempt: int
    failures: int
    source_path: str | None
    object_name: str | None
    content_type: str | None
    embedding_model: str | None


@dataclass(frozen=True, slots=True)
class IngestionReport:
    """What a run did: the row's state ("idle": nothing was due, "lost": another attempt has it), when to come again."""

    state: str
    code: str | None = None
    next_at: datetime | None = None
    chunks: int = 0
