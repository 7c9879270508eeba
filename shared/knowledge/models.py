"""What the knowledge tables hold, as the code hands it around: entries to be written, passages that were found."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of platform.knowledge_base to be: one document of a business.

    `content_type` is 'faq', 'policy', 'procedure' or 'product_info'. `source_digest` changes when the chunks must.
    `source_object` names the upload's bytes in the media bucket, if they are there.
    """

    title: str
    content: str
    content_type: str
    category: str | None
    tags: tuple[str, ...]
    valid_until: datetime | None
    source_path: str
    source_digest: str
    source_object: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkRow:
    """A row of platform.knowledge_chunks to be. `embedding` is pgvector's text form; `lexemes` have no white space."""

    id: UUID
    ordinal: int
    heading: str
    content: str
    embedding: str
    lexemes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveEntry:
    """An entry in use, as an import compares it with its file."""

    id: UUID
    version: int
    source_digest: str | None
    source_object: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found. `score` is 0 to 1; a rank counts from 1, and is None where that list lacks the chunk."""

    chunk_id: UUID
    knowledge_id: UUID
    heading: str
    content: str
    score: float
    vector_rank: int | None
    text_rank: int | None


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found for a question, best first.

    Below the threshold there are no passages: none may reach a prompt or a customer. `best_score` is kept either way.
    """

    passages: tuple[Passage, ...]
    best_score: float
    above_threshold: bool
