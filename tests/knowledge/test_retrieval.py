from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from shared.knowledge.calibration import calibration_of
from shared.knowledge.embedding import DIMENSIONS
from shared.knowledge.retrieval import QUESTION_LIMIT, retrieve
from tests.knowledge.chunk_rows import EMBEDDER, MODEL, Find, teach

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database
    from tests.support.tenants import Tenant

PIX = "Aceitamos Pix, dinheiro e cartão de crédito."
HOURS = "Abrimos de segunda a sexta das 8h às 18h30. CEP 01310-100, telefone (11) 3812-4567, código PA-101."
COMMANDS = "'; DROP TABLE platform.knowledge_chunks; --"


@pytest.mark.parametrize("question", ["Aceita cartao?", "aceitam CARTÕES", "Cartão?", "vcs aceitam o cartão"])
def test_the_spellings_of_a_word_find_the_same_entry(
    shared_database: Database, tenant: Tenant, find: Find, question: str
) -> None:
    """K-01."""
    teach(shared_database, tenant.organization_id, PIX, HOURS, "Não temos estacionamento.")
    assert find(question)[0] == PIX


@pytest.mark.parametrize(
    "question", ["01310100", "o cep 01310-100?", "38124567", "+55 (11) 3812-4567", "pa101", "18:30"]
)
def test_codes_are_found_exactly(shared_database: Database, tenant: Tenant, find: Find, question: str) -> None:
    """K-01."""
    teach(shared_database, tenant.organization_id, PIX, HOURS, "CEP 01310-200, telefone (11) 3812-4568, código PA-102.")
    assert find(question) == [HOURS, *find(question)[1:]]


def test_below_the_threshold_there_are_no_passages_and_the_score_is_kept(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant
) -> None:
    """K-02: the threshold comes after the fusion, in which the best always has the best rank."""
    teach(shared_database, tenant.organization_id, PIX, HOURS)
    found = retrieve(application, organization_id=tenant.organization_id, question="Vocês consertam cartão de memória?")
    assert found.passages == ()
    assert not found.above_threshold
    assert 0 < found.best_score < calibration_of(MODEL).threshold
    answered = retrieve(application, organization_id=tenant.organization_id, question="Aceita cartão?")
    assert answered.above_threshold
    assert answered.best_score == answered.passages[0].score >= calibration_of(MODEL).threshold


def test_an_organization_that_knows_nothing_abstains(find: Find) -> None:
    """K-02."""
    assert find("Aceita cartão?") == []


def test_a_search_is_one_round_trip_and_a_greeting_none(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant, find: Find
) -> None:
    teach(shared_database, tenant.organization_id, PIX)
    find("Aceita cartão?")
    before = application.round_trips
    assert find("Aceita cartão?")
    assert application.round_trips == before + 1
    assert find("Oi, boa tarde!") == []
    assert application.round_trips == before + 1


def test_both_rankings_are_reported(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant
) -> None:
    teach(shared_database, tenant.organization_id, PIX, HOURS)
    found = retrieve(application, organization_id=tenant.organization_id, question="Aceita cartão?")
    best = found.passages[0]
    assert (best.vector_rank, best.text_rank) == (1, 1)
    assert [passage.text_rank for passage in found.passages[1:]] == [None] * (len(found.passages) - 1)


def test_passages_are_best_first_and_limited(shared_database: Database, tenant: Tenant, find: Find) -> None:
    teach(shared_database, tenant.organization_id, *[f"O bolo número {n} custa {n} reais." for n in range(1, 31)])
    assert len(find("Quanto custa o bolo?", limit=7)) == 7
    assert find("Quanto custa o bolo número 17?")[0] == "O bolo número 17 custa 17 reais."
    for limit in (0, 51):
        with pytest.raises(ValueError, match=f"limit is {limit}"):
            find("bolo", limit=limit)


def test_chunks_of_another_model_are_never_compared(shared_database: Database, tenant: Tenant, find: Find) -> None:
    """K-05: neither by vector nor by words; they are found again when the embedder is theirs."""
    teach(shared_database, tenant.organization_id, PIX, model="another-model")
    assert find("Aceita cartão?") == []
    teach(shared_database, tenant.organization_id, "Cartão só de débito.")
    assert find("Aceita cartão?") == ["Cartão só de débito."]


def test_an_embedder_without_calibration_is_refused(application: ApplicationDatabase, tenant: Tenant) -> None:
    """K-05: a threshold found for one model says nothing about another."""

    class Unknown:
        model = "unknown-1"
        dimensions = DIMENSIONS

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return EMBEDDER.embed(texts)

    with pytest.raises(LookupError, match="'unknown-1' are not calibrated"):
        retrieve(application, organization_id=tenant.organization_id, question="Pix?", embedder=Unknown())


def test_an_expired_entry_is_not_used(shared_database: Database, tenant: Tenant, find: Find) -> None:
    """K-06."""
    now = datetime.now(UTC)
    teach(shared_database, tenant.organization_id, "Ontem o cartão tinha taxa.", valid_until=now - timedelta(seconds=1))
    teach(shared_database, tenant.organization_id, PIX, valid_until=now + timedelta(hours=1))
    assert find("Aceita cartão?") == [PIX]


@pytest.mark.parametrize("status", ["deprecated", "archived"])
def test_an_entry_that_is_not_active_is_not_used(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant, find: Find, status: str
) -> None:
    entry_id = teach(shared_database, tenant.organization_id, PIX)
    assert find("Aceita cartão?") == [PIX]
    application.tenant_once(
        tenant.organization_id,
        "UPDATE platform.knowledge_base SET status = :status WHERE id = :id",
        status=status,
        id=entry_id,
    )
    assert find("Aceita cartão?") == []


HOSTILE = {
    "NUL": "\0",
    "lone surrogate": "\ud800 cartão",
    "both": "cartão\0\udfff",
    "SQL": COMMANDS,
    "operators": "cartão' | ! & ( ) :* <-> \\' \"",
    "weights": "'cartão':A & !pix",
    "formats": "%s %(a)s :name $1 {0}",
    "joined emoji": "👩‍👩‍👧‍👦" * 50,
    "piled marks": "Z̸̢̛a̴l̵g̷o̶ " * 100,
    "invisible": "\u202ecartão\u200b",
    "five megabytes": "cartão " * 800_000,
    "one long word": "x" * 5_000_000,
    "one long number": "1" * 100_000,
    "not a number": "[NaN, Infinity]",
    "ten thousand accents": "e" + "\u0301" * 10_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_question_is_only_a_question(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant, find: Find, kind: str
) -> None:
    """V1, V2, V7, V10: no error, no operator of tsquery, no statement; a good question works afterwards."""
    teach(shared_database, tenant.organization_id, PIX)
    retrieve(application, organization_id=tenant.organization_id, question=HOSTILE[kind])
    assert find("Aceita cartão?") == [PIX]


def test_a_question_is_read_up_to_its_limit(shared_database: Database, tenant: Tenant, find: Find) -> None:
    """V7."""
    teach(shared_database, tenant.organization_id, PIX)
    assert find("Aceita cartão? " + " " * QUESTION_LIMIT + "máquina de lavar roupa usada azul") == [PIX]


def test_lexemes_that_hold_operators_are_only_lexemes(
    shared_database: Database, application: ApplicationDatabase, tenant: Tenant
) -> None:
    """V10: whoever calls the database function, it quotes what it is given."""
    teach(shared_database, tenant.organization_id, PIX)
    for lexeme in ("cart' | 'pix", "a & b", "\\'", "!x", "x:*", "'"):
        found = application.tenant_once(
            tenant.organization_id,
            "SELECT * FROM platform.covering_chunks(CAST(:lexemes AS text[]), ARRAY[1.0]::float8[], :model)",
            lexemes=[lexeme],
            model=MODEL,
        )
        assert found == []
