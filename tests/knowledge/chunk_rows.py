"""Chunks written past the importer, for what it would never write (other models, given vectors), and asked for."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import numpy as np

from shared.knowledge.embedding import DIMENSIONS, HashedNgrams
from shared.knowledge.portuguese import index_lexemes
from shared.knowledge.retrieval import retrieve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database
    from tests.support.tenants import Tenant

MODEL = "hashed-ngrams-pt-2"
EMBEDDER = HashedNgrams()


def add_entry(  # noqa: PLR0913 -- a row's columns
    database: Database,
    organization_id: UUID,
    contents: Sequence[str],
    vectors: NDArray[np.float32],
    *,
    model: str = MODEL,
    valid_until: datetime | None = None,
    ann_indexed: bool = False,
) -> UUID:
    """An active entry with one chunk per text and vector, as the superuser."""
    entry_id = uuid4()
    with contextlib.closing(database.superuser()) as connection:
        cursor: Any = connection.cursor()
        cursor.execute(
            "INSERT INTO platform.knowledge_base (id, organization_id, title, content, valid_until)"
            " VALUES (%s, %s, 'Artigo', 'texto', %s)",
            (entry_id, organization_id, valid_until),
        )
        cursor.execute(
            "INSERT INTO platform.knowledge_chunks (organization_id, knowledge_id, ordinal, content, embedding,"
            " embedding_model, search_vector, ann_indexed)"
            " SELECT %s, %s, place, content, embedding::vector, %s,"
            " array_to_tsvector(string_to_array(lexemes, ' ')), %s"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY"
            " AS given (content, embedding, lexemes, place)",
            (
                organization_id,
                entry_id,
                model,
                ann_indexed,
                list(contents),
                [str(np.rint(vector * 1e6).astype(int).tolist()) for vector in vectors],
                [" ".join(sorted(index_lexemes(content))) for content in contents],
            ),
        )
    return entry_id


def random_vectors(count: int, *, seed: int) -> NDArray[np.float32]:
    """Unit vectors around a few centres, as texts on a few subjects have."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((8, DIMENSIONS))
    vectors = centres[generator.integers(0, 8, count)] + generator.standard_normal((count, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32)


def teach(database: Database, organization_id: UUID, *contents: str, **options: object) -> UUID:
    """An entry with these texts as chunks, embedded by the default embedder."""
    return add_entry(database, organization_id, contents, EMBEDDER.embed(contents), **options)  # type: ignore[arg-type]


class Find:
    """What a tenant finds for a question: the contents of the passages."""

    def __init__(self, application: ApplicationDatabase, tenant: Tenant) -> None:
        self._application, self._tenant = application, tenant

    def __call__(self, question: str, limit: int = 5) -> list[str]:
        """Ask, best first."""
        found = retrieve(
            self._application, organization_id=self._tenant.organization_id, question=question, limit=limit
        )
        return [passage.content for passage in found.passages]
