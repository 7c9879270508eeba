"""All chunks of an organization change their model: in parts, beside imports, and searched without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.kit.errors import Rejected
from shared.knowledge.embedders import OPENAI, Embedders
from shared.knowledge.embedding import HashedNgrams
from shared.knowledge.finding import Finder
from shared.knowledge.importing import import_folder
from shared.knowledge.ingestion import reembedding
from shared.knowledge.ingestion.reembedding import request_reembedding
from shared.knowledge.writing import index_if_large
from shared.platform.settings import EmbeddingSettings
from tests.knowledge.ingesting import embedders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from uuid import UUID

    from shared.knowledge.embedding import Vectors
    from tests.knowledge.ingesting import Knowing
    from tests.knowledge.sites import Site

HASHED = HashedNgrams.model
QUESTION, ANSWER = "Quanto custa o bolo número 7?", "O bolo número 7 custa 7 reais."


def cakes(count: int) -> str:
    return "\n\n".join(f"# Bolo {n}\n\nO bolo número {n} custa {n} reais." for n in range(count))


def requested(knowing: Knowing, model: str = OPENAI) -> UUID:
    return request_reembedding(knowing.means.database, knowing.means.embedders, knowing.organization_id, model=model)


def models(knowing: Knowing) -> list[Any]:
    return knowing.rows("SELECT embedding_model, count(*) FROM platform.knowledge_chunks GROUP BY 1 ORDER BY 1")


def test_vectors_change_their_model_and_back_and_a_search_never_has_a_gap(
    knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K-05: in parts of a run each; until the switch the old vectors serve."""
    monkeypatch.setattr(reembedding, "BATCH", 5)
    knowing.known("a.md", cakes(12))
    ingestion = requested(knowing)
    monkeypatch.setattr(reembedding.reembed, "__kwdefaults__", {"part_seconds": 0.0, "progress": None})
    seen = []
    for _ in range(10):
        report = knowing.run(ingestion)
        seen.append((report.state, models(knowing)[0][0], knowing.answer(QUESTION)))
        if report.state == "done":
            break
    assert [state for state, _, _ in seen[:-1]] == ["pending"] * (len(seen) - 1)
    assert len(seen) > 2
    assert {(model, answer) for _, model, answer in seen[:-1]} == {(HASHED, ANSWER)}
    assert seen[-1] == ("done", OPENAI, ANSWER)
    assert knowing.rows(
        "SELECT done_count, total_count FROM platform.knowledge_ingestions WHERE id = :id", id=ingestion
    )
    back = requested(knowing, HASHED)
    while knowing.run(back).state != "done":
        pass
    assert (models(knowing), knowing.answer(QUESTION)) == ([(HASHED, 12)], ANSWER)


class Interrupting(HashedNgrams):
    """Another document comes in while vectors are computed."""

    def __init__(self, knowing: Knowing, path: str) -> None:
        self._knowing, self._path = knowing, path

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self._path:
            path, self._path = self._path, ""
            self._knowing.known(path, "Aceitamos Pix na entrega.")
        return super().embed(texts)


@pytest.mark.parametrize("path", ["0.md", "a.md", "z.md"])
def test_what_comes_in_meanwhile_is_found_before_and_after_the_switch(
    knowing: Knowing, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """K-05: also a new version of a document whose vectors were computed already."""
    knowing.known("a.md", cakes(3))
    ingestion = requested(knowing)
    plain = knowing.means.embedders.for_documents
    interrupting = Interrupting(knowing, path)

    def for_documents(model: str, **options: Any) -> Any:
        return interrupting if model == OPENAI else plain(model, **options)

    monkeypatch.setattr(knowing.means.embedders, "for_documents", for_documents)
    assert knowing.run(ingestion).state == "done"
    assert [model for model, _ in models(knowing)] == [OPENAI]
    assert knowing.rows("SELECT ordinal FROM platform.knowledge_staged_vectors") == []
    monkeypatch.undo()
    found = knowing.rows("SELECT content FROM platform.knowledge_chunks WHERE content LIKE 'Aceitamos%'")
    assert found == ["Aceitamos Pix na entrega."]


def test_vectors_of_two_models_never_stand_beside_each_other(knowing: Knowing, tmp_path: Path) -> None:
    """K-05: an import by another model is refused before it writes, and after a switch as well."""
    (tmp_path / "b.md").write_text("Aceitamos Pix.", encoding="utf-8")
    knowing.known("a.md", cakes(3))
    database, organization_id = knowing.means.database, knowing.organization_id
    paid = knowing.means.embedders.for_documents(OPENAI)
    with pytest.raises(Rejected, match=r"reembed"):
        import_folder(database, organization_id, tmp_path, embedder=paid)
    assert knowing.run(requested(knowing)).state == "done"
    with pytest.raises(Rejected, match=r"reembed"):
        import_folder(database, organization_id, tmp_path)
    assert import_folder(database, organization_id, tmp_path, embedder=paid).added == 1
    assert models(knowing) == [(OPENAI, 4)]


def test_one_re_embedding_runs_at_a_time_and_none_for_nothing(knowing: Knowing) -> None:
    def refusal(model: str) -> str:
        with pytest.raises(Rejected) as refused:
            requested(knowing, model)
        return refused.value.code

    assert refusal(OPENAI) == "same_embedding_model", "nothing is known yet"
    knowing.known("a.md", cakes(1))
    assert refusal(HASHED) == "same_embedding_model"
    assert refusal("gpt") == "embedding_model_unknown"
    requested(knowing)
    assert refusal(OPENAI) == "reembedding_runs"


def test_a_model_that_is_away_is_waited_for_and_nothing_is_embedded_twice(
    knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reembedding, "BATCH", 5)
    knowing.known("a.md", cakes(10))
    ingestion = requested(knowing)
    knowing.site.statuses = [200, 503]
    report = knowing.run(ingestion)
    assert (report.state, report.code) == ("pending", "embedding_away")
    assert models(knowing) == [(HASHED, 10)]
    knowing.due(ingestion)
    assert knowing.run(ingestion).state == "done"
    assert [len(call["input"]) for call in knowing.site.calls] == [5, 5]
    ledger = knowing.rows(
        "SELECT state, purpose, model, input_tokens > 0 FROM agents.llm_attempts WHERE execution_id = :id"
        " ORDER BY started_at",
        id=ingestion,
    )
    kept = ("embedding", f"openai:{OPENAI}", True)
    assert ledger == [("succeeded", *kept), ("estimated", *kept), ("succeeded", *kept)], "a 503 may be billed"


def test_the_approximate_index_of_a_large_organization_is_made_anew(
    knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.knowledge.writing.SCAN_LIMIT", 5)
    knowing.known("a.md", cakes(9))
    assert knowing.rows("SELECT DISTINCT ann_indexed FROM platform.knowledge_chunks") == [True]
    assert knowing.run(requested(knowing)).state == "done"
    assert knowing.rows("SELECT DISTINCT ann_indexed, embedding_model FROM platform.knowledge_chunks") == [
        (True, OPENAI)
    ]
    assert knowing.answer(QUESTION) == ANSWER
    index_if_large(knowing.means.database, knowing.organization_id, model=OPENAI)


def test_a_question_is_embedded_by_the_model_of_the_organizations_chunks(knowing: Knowing, site: Site) -> None:
    """K-05: also by a process that still believes in the former one."""
    knowing.known("a.md", cakes(9))
    finder = Finder(knowing.means.database, embedders(site))

    def found() -> list[str]:
        return [passage.content for passage in finder.find(knowing.organization_id, QUESTION, limit=1).passages]

    assert (found(), site.calls) == ([ANSWER], [])
    assert knowing.run(requested(knowing)).state == "done"
    site.calls.clear()
    assert found() == [ANSWER]
    assert [call["input"] for call in site.calls] == [[QUESTION]]
    before = knowing.means.database.round_trips
    assert found() == [ANSWER]
    assert knowing.means.database.round_trips - before == 1


def test_a_process_that_lacks_the_models_settings_says_so_and_is_not_silent(knowing: Knowing) -> None:
    """K-05."""
    knowing.known("a.md", cakes(9))
    poor = Finder(knowing.means.database, Embedders(EmbeddingSettings()))
    assert poor.find(knowing.organization_id, "Vocês vendem pneus?").passages == ()
    assert knowing.run(requested(knowing)).state == "done"
    with pytest.raises(Rejected, match="EMBEDDING_URL"):
        Finder(knowing.means.database, Embedders(EmbeddingSettings())).find(knowing.organization_id, QUESTION)
