"""Chunks of many organizations as a shared table holds them: written article by article, whoever's turn it is."""

from __future__ import annotations

import io
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.kit.ids import new_id
from shared.knowledge.embedding import DIMENSIONS, HashedNgrams
from shared.knowledge.portuguese import CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from numpy.typing import NDArray

ORGANIZATIONS = 61
CHUNKS = 1000  # of each organization
ARTICLE = 10  # chunks written together, as an import does
MODEL = HashedNgrams().model
_SUBJECTS, _OWN_SUBJECTS = 60, 25
_WORDS, _WORDS_PER_CHUNK = 4000, 80
COLUMNS = (
    "id, organization_id, knowledge_id, ordinal, heading, content, embedding, embedding_model, search_vector,"
    " search_configuration"
)
INT16, INT32 = Struct("!H"), Struct("!i")
BEGINNING = b"PGCOPY\n\xff\r\n\0" + INT32.pack(0) + INT32.pack(0)  # binary COPY, no flags, no extension
END = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its organization, its vector, and words for the full text."""

    organization_id: UUID
    vector: NDArray[np.float32]
    words: tuple[str, ...]


class Subjects:
    """Vectors around the subjects that businesses write about, many of them the same: clusters, not noise."""

    def __init__(self, seed: int = 20_250_913) -> None:
        self._generator = np.random.default_rng(seed)
        shared = self._draw(_SUBJECTS)
        self._own = [
            shared[self._generator.choice(_SUBJECTS, _OWN_SUBJECTS, replace=False)] + 0.2 * self._draw(_OWN_SUBJECTS)
            for _ in range(ORGANIZATIONS)
        ]
        rarity = 1 / np.arange(1, _WORDS + 1) ** 0.8
        self._share = rarity / rarity.sum()

    def vectors(self, organization: int, count: int) -> NDArray[np.float32]:
        """Unit vectors; two on one subject of an organization have a cosine of about 0.5."""
        drawn = self._own[organization][self._generator.integers(0, _OWN_SUBJECTS, count)] + self._draw(count)
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        return drawn

    def words(self, count: int) -> list[str]:
        """Words, the frequent ones often."""
        return [f"w{place:x}or" for place in self._generator.choice(_WORDS, count, p=self._share)]

    def question(self) -> tuple[str, ...]:
        """The words of a question that name something: rarer ones."""
        return tuple(f"w{place:x}or" for place in self._generator.integers(30, 1500, 4))

    def shuffled(self, values: list[Any]) -> list[Any]:
        """The values in another order."""
        return [values[place] for place in self._generator.permutation(len(values))]

    def _draw(self, count: int) -> NDArray[np.float32]:
        return self._generator.standard_normal((count, DIMENSIONS), dtype=np.float32)


def fill(cursor: Any, subjects: Subjects, *, told: Callable[[int], None]) -> list[UUID]:
    """Write ORGANIZATIONS times CHUNKS chunks as the superuser, and tell how many have been sent."""
    organizations = [new_id() for _ in range(ORGANIZATIONS)]
    cursor.execute(
        "INSERT INTO platform.organizations (id, name, slug, business_type, billing_status)"
        " SELECT id, 'Loja', 'loja-' || id, 'retail', 'active' FROM unnest(%s::uuid[]) AS given (id)",
        (organizations,),
    )
    owners = subjects.shuffled([place for place in range(ORGANIZATIONS) for _ in range(CHUNKS // ARTICLE)])
    entries = [new_id() for _ in owners]
    cursor.execute(
        "INSERT INTO platform.knowledge_base (id, organization_id, title, content)"
        " SELECT id, owner, 'Artigo', repeat('texto ', 200) FROM unnest(%s::uuid[], %s::uuid[]) AS given (id, owner)",
        (entries, [organizations[owner] for owner in owners]),
    )
    rows = _rows(subjects, organizations, owners, entries, told)
    cursor.execute(f"COPY platform.knowledge_chunks ({COLUMNS}) FROM STDIN (FORMAT binary)", stream=rows)
    for table in ("knowledge_chunks", "knowledge_base"):
        cursor.execute(f"VACUUM (ANALYZE) platform.{table}")
    return organizations


def questions(subjects: Subjects, organizations: list[UUID], *, each: int) -> list[Asked]:
    """`each` questions to every organization, mixed, as a shared server gets them."""
    asked = [
        Asked(organization_id, vector, subjects.question())
        for place, organization_id in enumerate(organizations)
        for vector in subjects.vectors(place, each)
    ]
    return subjects.shuffled(asked)


def _rows(
    subjects: Subjects, organizations: list[UUID], owners: list[int], entries: list[UUID], told: Callable[[int], None]
) -> Iterator[bytes]:
    yield BEGINNING
    for sent, (owner, entry) in enumerate(zip(owners, entries, strict=True), start=1):
        written = io.BytesIO()
        vectors = subjects.vectors(owner, ARTICLE).astype(">f4")
        for ordinal, vector in enumerate(vectors):
            words = subjects.words(_WORDS_PER_CHUNK)
            row = (
                new_id().bytes,
                organizations[owner].bytes,
                entry.bytes,
                INT32.pack(ordinal),
                b"Artigo",
                " ".join(words).encode(),
                INT16.pack(DIMENSIONS) + INT16.pack(0) + vector.tobytes(),
                MODEL.encode(),
                search_vector(words),
                CONFIGURATION.encode(),
            )
            written.write(copied_row(row))
        yield written.getvalue()
        told(sent * ARTICLE)
    yield END


def copied_row(fields: Sequence[bytes]) -> bytes:
    """A row of binary COPY."""
    return INT16.pack(len(fields)) + b"".join([INT32.pack(len(field)) + field for field in fields])


def search_vector(words: list[str]) -> bytes:
    """The binary form of a tsvector without positions."""
    lexemes = sorted({word.encode() for word in words}, key=lambda lexeme: (len(lexeme), lexeme))
    return INT32.pack(len(lexemes)) + b"".join(lexeme + b"\0" + INT16.pack(0) for lexeme in lexemes)
