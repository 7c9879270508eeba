"""A table as a platform of many small businesses has it: most with 20 to 200 chunks, a few with thousands."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from shared.kit.ids import new_id
from shared.knowledge.embedding import DIMENSIONS
from shared.knowledge.portuguese import CONFIGURATION
from shared.knowledge.writing import SCAN_LIMIT
from tests.benchmarks.vector_data import (
    ARTICLE,
    BEGINNING,
    COLUMNS,
    END,
    INT16,
    INT32,
    MODEL,
    copied_row,
    search_vector,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from numpy.typing import NDArray

    from tests.support.database import Database

_SUBJECTS, _CHUNKS_PER_SUBJECT = 200, 8
_WORDS, _WORDS_PER_CHUNK = 20_000, 80
_TEXTS: Final = 20_000  # different texts; a chunk has one of them, as making a million would take longer than the rest
_SMALLEST, _SMALL = 20, 200  # chunks of most organizations
_LARGE: Final = (5_000, 20_000)
_HUGE: Final = 30_000  # beyond the limit of the scan: in the shared approximate index
_ORGANIZATIONS_PER_LARGE, _ORGANIZATIONS_PER_HUGE = 800, 5_000
_ENTRIES_AT_ONCE = 20_000

# Filled first and indexed afterwards, by their own definitions: a third of the time.
_INDEXES = """
    SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'platform.knowledge_chunks'::regclass AND NOT i.indisunique
"""


@dataclass(frozen=True, slots=True)
class Organization:
    """One organization of the table, and how many chunks it has."""

    id: UUID
    chunks: int

    @property
    def group(self) -> str:
        """Which of the sizes that are reported apart it has."""
        if self.chunks > SCAN_LIMIT:
            return "in the approximate index"
        return "small" if self.chunks < _LARGE[0] else "large"


class Texts:
    """Vectors around subjects, and texts of words of which few are frequent."""

    def __init__(self, seed: int = 20_260_312) -> None:
        self._generator = np.random.default_rng(seed)
        self._subjects = self._draw(_SUBJECTS)
        rarity = 1 / np.arange(1, _WORDS + 1)
        places = self._generator.choice(_WORDS, (_TEXTS, _WORDS_PER_CHUNK), p=rarity / rarity.sum())
        self._texts = [_text([f"w{place:x}or" for place in row]) for row in places.tolist()]

    def vectors(self, organization: Organization, count: int) -> NDArray[np.float32]:
        """Unit vectors of one organization, around its own subjects; two on one of them have a cosine of about 0.5."""
        its_own = np.random.default_rng(organization.id.int)
        subjects = its_own.choice(_SUBJECTS, min(max(organization.chunks // _CHUNKS_PER_SUBJECT, 3), 60), replace=False)
        offset = 0.2 * its_own.standard_normal(DIMENSIONS, dtype=np.float32)
        drawn: NDArray[np.float32] = (
            self._subjects[self._generator.choice(subjects, count)] + offset + self._draw(count)
        )
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        return drawn

    def texts(self, count: int) -> list[tuple[bytes, bytes]]:
        """Texts with their words as the full text stores them."""
        return [self._texts[place] for place in self._generator.integers(0, _TEXTS, count).tolist()]

    def question(self) -> tuple[str, ...]:
        """The words of a question that name something: neither the commonest nor the rarest."""
        return tuple(f"w{place:x}or" for place in self._generator.integers(30, 3000, 4).tolist())

    def sizes(self, organizations: int, chunks: int) -> list[int]:
        """How many chunks each organization has, in tens; about `chunks` together."""
        large = np.linspace(*_LARGE, max(1, organizations // _ORGANIZATIONS_PER_LARGE))
        special = [*large.tolist(), *[_HUGE] * (organizations // _ORGANIZATIONS_PER_HUGE)]
        small = np.exp(self._generator.uniform(np.log(_SMALLEST), np.log(_SMALL), max(1, organizations - len(special))))
        small *= max(chunks - sum(special), 0) / small.sum()
        return [max(1, round(size / ARTICLE)) * ARTICLE for size in [*special, *small.tolist()]]

    def shuffled(self, values: Sequence[Any]) -> list[Any]:
        """The values in another order."""
        return [values[place] for place in self._generator.permutation(len(values)).tolist()]

    def some(self, values: Sequence[Any], count: int, weights: Sequence[float] | None = None) -> list[Any]:
        """`count` of the values, by their weights when they are given."""
        share = None if weights is None else np.array(weights) / sum(weights)
        return [values[place] for place in self._generator.choice(len(values), count, p=share).tolist()]

    def _draw(self, count: int) -> NDArray[np.float32]:
        return self._generator.standard_normal((count, DIMENSIONS), dtype=np.float32)


def _text(words: list[str]) -> tuple[bytes, bytes]:
    return " ".join(words).encode(), search_vector(words)


def fill(
    database: Database, texts: Texts, *, organizations: int, chunks: int, told: Callable[[str, int, int], None]
) -> list[Organization]:
    """Write the organizations with their entries and chunks as the superuser, then build the indexes."""
    known = [Organization(new_id(), size) for size in texts.sizes(organizations, chunks)]
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(
            "INSERT INTO platform.organizations (id, name, slug, business_type, billing_status)"
            " SELECT id, 'Loja', 'loja-' || id, 'retail', 'active' FROM unnest(%s::uuid[]) AS given (id)",
            ([one.id for one in known],),
        )
        # whose turn it is: articles of all organizations mixed, as they are written over months
        owners = texts.shuffled([one for one in known for _ in range(one.chunks // ARTICLE)])
        entries = [new_id() for _ in owners]
        for start in range(0, len(entries), _ENTRIES_AT_ONCE):
            told("entries", start, len(entries))
            some = slice(start, start + _ENTRIES_AT_ONCE)
            cursor.execute(
                "INSERT INTO platform.knowledge_base (id, organization_id, title, content)"
                " SELECT id, owner, 'Artigo', repeat('texto ', 200)"
                " FROM unnest(%s::uuid[], %s::uuid[]) AS given (id, owner)",
                (entries[some], [owner.id for owner in owners[some]]),
            )
        cursor.execute(_INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX platform.{name}")
        rows = _rows(texts, owners, entries, told)
        cursor.execute(
            f"COPY platform.knowledge_chunks ({COLUMNS}, ann_indexed) FROM STDIN (FORMAT binary)", stream=rows
        )
        for place, (name, definition) in enumerate(indexes):
            told(f"index {name}", place, len(indexes))
            cursor.execute(definition)
        told("vacuum", 0, 1)
        for table in ("knowledge_chunks", "knowledge_base", "organizations"):
            cursor.execute(f"VACUUM (ANALYZE) platform.{table}")
        cursor.execute("CHECKPOINT")
    return known


def _rows(
    texts: Texts, owners: list[Organization], entries: list[UUID], told: Callable[[str, int, int], None]
) -> Iterator[bytes]:
    yield BEGINNING
    model, configuration = MODEL.encode(), CONFIGURATION.encode()
    for sent, (owner, entry) in enumerate(zip(owners, entries, strict=True)):
        written = io.BytesIO()
        ann_indexed = b"\1" if owner.chunks > SCAN_LIMIT else b"\0"
        vectors = texts.vectors(owner, ARTICLE).astype(">f4")
        for ordinal, (vector, (content, lexemes)) in enumerate(zip(vectors, texts.texts(ARTICLE), strict=True)):
            row = (
                new_id().bytes,
                owner.id.bytes,
                entry.bytes,
                INT32.pack(ordinal),
                b"Artigo",
                content,
                INT16.pack(DIMENSIONS) + INT16.pack(0) + vector.tobytes(),
                model,
                lexemes,
                configuration,
                ann_indexed,
            )
            written.write(copied_row(row))
        yield written.getvalue()
        if sent % 100 == 0:
            told("chunks", sent * ARTICLE, len(entries) * ARTICLE)
    yield END
