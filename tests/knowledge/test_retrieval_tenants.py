"""One organization among others, small and large: it finds all that is its own, and nothing else."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from shared.knowledge.importing import import_folder
from shared.knowledge.queries import direction
from shared.knowledge.retrieval import retrieve
from tests.knowledge.chunk_rows import EMBEDDER, MODEL, Find, add_entry, random_vectors, teach
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    import numpy as np
    from numpy.typing import NDArray

    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database

PIX = "Aceitamos Pix, dinheiro e cartão de crédito."


@pytest.fixture(scope="module")
def others(shared_database: Database) -> None:
    """Five organizations, 1,500 chunks; those of four are in the approximate index."""
    for number in range(5):
        other = make_organization(shared_database).organization_id
        vectors = random_vectors(300, seed=20 + number)
        add_entry(shared_database, other, ["alheio"] * 300, vectors, ann_indexed=number < 4)


@pytest.mark.usefixtures("others")
def test_a_small_organization_among_many_finds_all_it_has(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant
) -> None:
    """K-03."""
    own = random_vectors(10, seed=99)
    add_entry(shared_database, tenant.organization_id, [f"texto {n}" for n in range(10)], own)
    with contextlib.closing(shared_database.superuser()) as connection:
        connection.cursor().execute("ANALYZE platform.knowledge_chunks")
    for vector in own[:3]:
        found = nearest(application, tenant.organization_id, vector)
        assert sorted(found) == sorted(f"texto {n}" for n in range(10))
        assert found == by_cosine(own, vector)


@pytest.mark.usefixtures("others")
def test_the_shared_index_alone_would_lose_the_small_organization(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant
) -> None:
    """The negative control of K-03: what the index finds first is the others', and row security takes it away."""
    own = random_vectors(10, seed=98)
    add_entry(shared_database, tenant.organization_id, [f"texto {n}" for n in range(10)], own, ann_indexed=True)
    with application.tenant(tenant.organization_id) as session:
        for setting in ("hnsw.iterative_scan = off", "enable_sort = off", "enable_seqscan = off"):
            session.execute(text(f"SET LOCAL {setting}"))
        rows = session.execute(
            text(
                "SELECT id FROM platform.knowledge_chunks WHERE ann_indexed ORDER BY embedding_bits"
                " <~> CAST(binary_quantize(CAST(:vector AS vector)) AS bit(1536)) LIMIT 10"
            ),
            {"vector": direction(own[0])},
        ).all()
    assert len(rows) < 10
    assert len(nearest(application, tenant.organization_id, own[0])) > len(rows)  # it goes on until enough are its own


def nearest(
    application: ApplicationDatabase, organization_id: UUID, vector: NDArray[np.float32], *, limit: int = 60
) -> list[str]:
    """The contents of the nearest chunks, nearest first."""
    rows = application.tenant_once(
        organization_id,
        "SELECT content FROM platform.nearest_chunks(CAST(:vector AS vector), :model, :limit) AS found"
        " JOIN platform.knowledge_chunks AS chunk ON chunk.id = found.chunk_id ORDER BY found.cosine DESC",
        vector=direction(vector),
        model=MODEL,
        limit=limit,
    )
    return [row.content for row in rows]


def by_cosine(vectors: NDArray[np.float32], vector: NDArray[np.float32]) -> list[str]:
    """The names of the vectors by their true cosine."""
    return [f"texto {n}" for n in (-(vectors @ vector)).argsort(kind="stable")]


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("indexed", [0, 300, 600], ids=["scanned", "half indexed", "indexed"])
def test_the_approximate_index_and_the_scan_find_the_same(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant, indexed: int
) -> None:
    """K-03: also while an organization's chunks are moved from one to the other."""
    own = random_vectors(600, seed=7)
    names = [f"texto {n}" for n in range(600)]
    for part, ann_indexed in ((slice(0, indexed), True), (slice(indexed, 600), False)):
        if names[part]:
            add_entry(shared_database, tenant.organization_id, names[part], own[part], ann_indexed=ann_indexed)
    hits = 0
    for vector in random_vectors(10, seed=9):
        found = nearest(application, tenant.organization_id, vector)
        assert "alheio" not in found
        hits += len(set(found[:10]) & set(by_cosine(own, vector)[:10]))
    assert hits >= 95


def test_an_expired_entry_of_a_large_organization_is_not_used(
    shared_database: Database, tenant: Tenant, find: Find
) -> None:
    """K-06: also where the approximate index finds it."""
    expired = datetime.now(UTC) - timedelta(days=1)
    teach(shared_database, tenant.organization_id, "Cartão com taxa.", valid_until=expired, ann_indexed=True)
    teach(shared_database, tenant.organization_id, PIX, ann_indexed=True)
    assert find("Aceita cartão?") == [PIX]


def test_no_tenant_finds_anothers_chunk_with_the_same_text(
    shared_database: Database, application: ApplicationDatabase, tmp_path: Path
) -> None:
    """X6: one statement, one connection, the same question and texts, two organizations in turn."""
    (tmp_path / "a.md").write_text(PIX, encoding="utf-8")
    tenants = [make_organization(shared_database) for _ in range(2)]
    for one in tenants:
        import_folder(application, one.organization_id, tmp_path)
    own = [
        {row.id for row in application.tenant_once(one.organization_id, "SELECT id FROM platform.knowledge_chunks")}
        for one in tenants
    ]
    assert own[0]
    assert not own[0] & own[1]
    for _ in range(10):
        for one, chunk_ids in zip(tenants, own, strict=True):
            found = retrieve(application, organization_id=one.organization_id, question="Aceita cartão?")
            assert {passage.chunk_id for passage in found.passages} == chunk_ids


def test_without_a_tenant_a_search_finds_nothing(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant
) -> None:
    teach(shared_database, tenant.organization_id, PIX)
    statement = "SELECT * FROM platform.nearest_chunks(CAST(:vector AS vector), :model, 10)"
    vector = direction(EMBEDDER.embed([PIX])[0])
    assert application.tenant_once(tenant.organization_id, statement, vector=vector, model=MODEL)
    assert application.system_once(statement, vector=vector, model=MODEL) == []
