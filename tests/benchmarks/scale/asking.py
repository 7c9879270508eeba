"""Questions to the filled table through the product's own statement: cold and warm caches, one client and eight."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.knowledge.queries import CANDIDATES, direction, search_knowledge
from tests.benchmarks.database import POSTGRES_VERSION
from tests.benchmarks.vector_data import MODEL
from tests.support.database import Server, start_server

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from shared.platform.database import Database
    from tests.benchmarks.scale.filling import Organization, Texts

PASSAGES = 20  # as the product asks for
NEIGHBOURS = 10
STOP_SECONDS = 120

_NEAREST = (
    "SELECT chunk_id FROM platform.nearest_chunks(CAST(:vector AS vector), :model, :candidates) LIMIT :neighbours"
)
_EXACT = """
    SELECT id FROM platform.knowledge_chunks WHERE embedding_model = :model
    ORDER BY embedding <=> CAST(:vector AS vector) LIMIT :neighbours
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: whose, its vector and the words that name something in it."""

    organization: Organization
    vector: NDArray[np.float32]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of many searches."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        """The percentiles of some measurements."""
        p50, p95, p99 = (float(value) * 1000 for value in np.percentile(np.array(seconds), (50, 95, 99)))
        return cls(len(seconds), p50, p95, p99)


def questions(texts: Texts, organizations: Sequence[Organization], count: int, *, by_size: bool) -> list[Asked]:
    """`count` questions to organizations drawn by their size, or each as likely."""
    weights = [float(one.chunks) for one in organizations] if by_size else None
    chosen = texts.some(organizations, count, weights)
    return [Asked(one, texts.vectors(one, 1)[0], texts.question()) for one in chosen]


def ask_all(database: Database, asked: Sequence[Asked], *, clients: int, done: Callable[[], None]) -> Times:
    """Put every question, `clients` at once; the time of each is its client's own."""

    def timed(one: Asked) -> float:
        seconds = _ask(database, one)
        done()
        return seconds

    if clients == 1:
        return Times.of([timed(one) for one in asked])
    with ThreadPoolExecutor(clients) as pool:
        return Times.of(list(pool.map(timed, asked)))


def _ask(database: Database, one: Asked) -> float:
    began = time.perf_counter()
    search_knowledge(
        database,
        organization_id=one.organization.id,
        vector=one.vector,
        model=MODEL,
        terms=dict.fromkeys(one.words, 1.0),
        limit=PASSAGES,
    )
    return time.perf_counter() - began


def recall(database: Database, asked: Sequence[Asked]) -> float:
    """The mean share of the true nearest NEIGHBOURS among those that the product finds."""
    shares = []
    for one in asked:
        given = {"vector": direction(one.vector), "model": MODEL, "neighbours": NEIGHBOURS}
        found = database.tenant_once(one.organization.id, _NEAREST, candidates=CANDIDATES, **given)
        true = {row.id for row in database.tenant_once(one.organization.id, _EXACT, **given)}
        shares.append(len({row.chunk_id for row in found} & true) / len(true))
    return sum(shares) / len(shares)


def restart_cold(server: Server) -> Server:
    """Stop the server, take its files out of the system's memory, and start it: nothing is cached then."""
    with contextlib.closing(server.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW data_directory")
        data = Path(cursor.fetchone()[0])
    pid = data / "postmaster.pid"
    os.kill(int(pid.read_text().split()[0]), signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    while pid.exists() and time.monotonic() < deadline:
        time.sleep(0.05)  # a server says that it has ended by taking this file away, and no other way
    for path in data.rglob("*"):
        if path.is_file():
            _forget(path)
    return start_server(data, POSTGRES_VERSION)


def _forget(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)  # only what is on the disk can be forgotten
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def bytes_of_table(server: Server, database: str) -> int:
    """The table's size with its indexes and its vectors."""
    with contextlib.closing(server.connect(database=database)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT pg_total_relation_size('platform.knowledge_chunks')")
        return int(cursor.fetchone()[0])
