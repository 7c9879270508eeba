"""Writes one entry with its chunks, in place of its former version: one transaction, vectors computed before it."""

from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from shared.kit.errors import Rejected, Unavailable
from shared.kit.ids import new_id
from shared.knowledge import queries
from shared.knowledge.chunking import chunks
from shared.knowledge.embedding import Embedder
from shared.knowledge.models import ActiveEntry, ChunkRow, Entry
from shared.knowledge.portuguese import index_lexemes
from shared.platform.database import Database, TenantSession

ROWS_PER_STATEMENT: Final = 50  # half a megabyte of vectors
# Chunks up to which scanning a tenant's own bits is fast enough (15 ms); beyond it the approximate index takes over.
SCAN_LIMIT: Final = 20_000
MOVED_AT_ONCE: Final = 500  # rows put into the approximate index per transaction: a second or two


class Rival(Unavailable):
    """Somebody else writes the same source at this moment."""


def chunk_rows(entry: Entry, embedder: Embedder) -> list[ChunkRow]:
    """The entry's chunks, embedded and indexed together with the headings above them."""
    parts = chunks(entry.content, title=entry.title)
    texts = [embedded_text(part.heading, part.content) for part in parts]
    vectors = embedder.embed(texts)
    return [
        ChunkRow(
            id=new_id(),
            ordinal=ordinal,
            heading=part.heading,
            content=part.content,
            embedding=stored_form(vector),
            lexemes=tuple(sorted(index_lexemes(text))),
        )
        for ordinal, (part, text, vector) in enumerate(zip(parts, texts, vectors, strict=True))
    ]


def embedded_text(heading: str, content: str) -> str:
    """What of a chunk is embedded and indexed."""
    return f"{heading}\n{content}"


def stored_form(vector: NDArray[np.float32]) -> str:
    """The text form of pgvector, with as many digits as a 32-bit number has."""
    return "[" + ",".join([f"{value:.9g}" for value in vector.tolist()]) + "]"


def write_entry(  # noqa: PLR0913 -- one entry with all its parts
    session: TenantSession,
    organization_id: UUID,
    entry: Entry,
    rows: list[ChunkRow],
    *,
    former: ActiveEntry | None,
    model: str,
    version: int | None = None,
) -> UUID:
    """Add the entry in place of `former` and return its id; part of the caller's transaction, which ends if it fails.

    Raises Rival when somebody else writes the same source, Rejected `other_embedding_model` when the
    organization's chunks are another model's.
    """
    hold_model(session, organization_id, model=model)
    if former is not None and not queries.deprecate_entry(session, former.id):
        raise _rival(entry.source_path)
    entry_id = new_id()
    if not queries.insert_entry(session, organization_id, entry, entry_id=entry_id, replaces=former, version=version):
        raise _rival(entry.source_path)
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        queries.insert_chunks(
            session, organization_id, rows[start : start + ROWS_PER_STATEMENT], knowledge_id=entry_id, model=model
        )
    return entry_id


def hold_model(session: TenantSession, organization_id: UUID, *, model: str) -> None:
    """Keep the organization's embedding model as it is until the transaction ends; its first chunks decide it."""
    held = queries.share_model(session, organization_id, model=model)
    if held != model:
        raise Rejected(
            "other_embedding_model",
            f"the organization's knowledge has vectors of {held}, these are of {model}; begin again, or change all of"
            " them: departments knowledge reembed",
        )


def index_if_large(database: Database, organization_id: UUID, *, model: str) -> None:
    """Move the chunks of an organization that has outgrown the scan into the approximate index, a batch at a time.

    A search looks into both, so it is complete at every moment of the move and after an interruption.
    """
    if queries.count_chunks(database, organization_id, model=model) > SCAN_LIMIT:
        while queries.move_to_approximate_index(database, organization_id, model=model, batch=MOVED_AT_ONCE):
            pass


def _rival(path: str) -> Rival:
    return Rival(f"Another import is writing {path}; run this one again when it has finished")
