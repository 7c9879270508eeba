"""Versions are kept and can come back; a deleted source leaves nothing that could answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.kit.errors import Rejected
from shared.knowledge.embedding import HashedNgrams
from shared.knowledge.sources import bring_back, delete_source, history, list_sources

if TYPE_CHECKING:
    from tests.knowledge.ingesting import Knowing

QUESTION = "Quanto custa o bolo de cenoura?"


def versions(knowing: Knowing, path: str) -> list[tuple[int, str]]:
    found = history(knowing.means.database, knowing.organization_id, path=path)
    return [(each.version, each.status) for each in found]


def back(knowing: Knowing, version: int, path: str = "a.md") -> int:
    return bring_back(
        knowing.means.database, knowing.organization_id, path=path, version=version, embedder=HashedNgrams()
    )


def test_each_change_is_a_version_and_an_older_one_can_come_back(knowing: Knowing) -> None:
    for price in (10, 12, 14):
        knowing.known("a.md", f"O bolo de cenoura custa {price} reais.")
    assert versions(knowing, "a.md") == [(3, "active"), (2, "deprecated"), (1, "deprecated")]
    assert back(knowing, 1) == 4
    assert versions(knowing, "a.md")[0] == (4, "active")
    assert knowing.answer(QUESTION) == "O bolo de cenoura custa 10 reais."
    chain = knowing.rows(
        "SELECT old.version FROM platform.knowledge_base new JOIN platform.knowledge_base old ON old.id = new.parent_id"
        " ORDER BY new.version"
    )
    assert chain == [1, 2, 3]
    knowing.known("a.md", "O bolo de cenoura custa 14 reais.")
    assert versions(knowing, "a.md")[0] == (5, "active"), "what the source says now comes in again"


@pytest.mark.parametrize(
    ("path", "version", "code"),
    [("z.md", 1, "source_unknown"), ("a.md", 7, "version_unknown"), ("a.md", 2, "version_in_use")],
)
def test_only_an_older_version_comes_back(knowing: Knowing, path: str, version: int, code: str) -> None:
    knowing.known("a.md", "O bolo custa 10 reais.")
    knowing.known("a.md", "O bolo custa 12 reais.")
    with pytest.raises(Rejected) as refused:
        back(knowing, version, path)
    assert refused.value.code == code


def left(knowing: Knowing) -> list[Any]:
    return knowing.rows(
        "SELECT (SELECT count(*) FROM platform.knowledge_base), (SELECT count(*) FROM platform.knowledge_chunks),"
        " (SELECT count(*) FROM platform.knowledge_staged_vectors)"
    )


def test_a_deleted_source_takes_all_that_it_brought_with_it(knowing: Knowing) -> None:
    """K-10."""
    knowing.known("a.md", "O bolo de cenoura custa 10 reais.")
    entry = knowing.known("a.md", "O bolo de cenoura custa 12 reais.")
    knowing.known("b.md", "Aceitamos Pix na entrega.")
    waiting = knowing.upload("a.md", "O bolo de cenoura custa 14 reais.")
    knowing.rows(
        "INSERT INTO platform.knowledge_staged_vectors"
        " (organization_id, knowledge_id, ordinal, embedding_model, embedding)"
        " SELECT organization_id, knowledge_id, ordinal, 'm', embedding FROM platform.knowledge_chunks"
        " WHERE knowledge_id = :id",
        id=entry,
    )
    knowing.rows(
        "INSERT INTO platform.faq_drafts (organization_id, question_key, question, answer, embedding, embedding_model,"
        " state, decision, decided_at, knowledge_id)"
        " SELECT organization_id, 'custa', 'Quanto custa?', 'R$ 12', embedding, embedding_model,"
        " 'approved', 'approve', now(), knowledge_id FROM platform.knowledge_chunks"
        " WHERE knowledge_id = :id",
        id=entry,
    )
    gone = delete_source(knowing.means.database, knowing.organization_id, path="a.md")
    assert (gone.versions, gone.objects) == (2, 3)
    assert knowing.rows("SELECT id FROM platform.faq_drafts") == []
    assert left(knowing) == [(1, 1, 0)]
    assert knowing.answer(QUESTION) is None
    assert knowing.run(waiting).state == "idle", "what was on its way does not bring it back"
    assert knowing.state(waiting) == ("refused", "source_deleted")
    assert [knowing.run(deletion).state for deletion in knowing.pending("deletion")] == ["done"] * 3
    assert knowing.objects() == knowing.rows("SELECT source_object FROM platform.knowledge_base")
    assert knowing.answer("Aceitam Pix na entrega?") == "Aceitamos Pix na entrega."
    assert knowing.rows("SELECT action FROM audit.activity_logs") == ["knowledge.deleted"]


def test_an_object_that_another_version_still_has_is_not_deleted(knowing: Knowing) -> None:
    """K-10: work that comes late deletes no more than it should."""
    knowing.known("a.md", "Aceitamos Pix na entrega.")
    knowing.rows(
        "INSERT INTO platform.knowledge_ingestions (organization_id, kind, object_name)"
        " VALUES (:organization, 'deletion', :name)",
        organization=knowing.organization_id,
        name=knowing.objects()[0],
    )
    (deletion,) = knowing.pending("deletion")
    assert knowing.run(deletion).code == "still_used"
    assert len(knowing.objects()) == 1


def test_a_source_that_is_not_known_cannot_be_deleted(knowing: Knowing) -> None:
    with pytest.raises(Rejected, match="nothing is known"):
        delete_source(knowing.means.database, knowing.organization_id, path="z.md")


def test_sources_are_listed_with_what_they_are(knowing: Knowing) -> None:
    knowing.known("b.md", "# Pix\n\nAceitamos Pix.\n\n## Cartão\n\nE cartão.")
    knowing.known("a.md", "---\ntype: policy\n---\nTrocamos em 30 dias.")
    found = list_sources(knowing.means.database, knowing.organization_id)
    assert [(each.path, each.title, each.content_type, each.version, each.chunks) for each in found] == [
        ("a.md", "a", "policy", 1, 1),
        ("b.md", "Pix", "faq", 1, 2),
    ]
    assert {(each.uses, each.effectiveness, each.last_used_at) for each in found} == {(0, 0.5, None)}


def test_an_entry_without_a_source_goes_by_its_id(knowing: Knowing) -> None:
    """K-10: a question that people answered, with the answers that it had before."""
    for n in (1, 2):
        knowing.known("a.md", f"O bolo de cenoura custa {n} reais.")
    knowing.known("b.md", "Aceitamos Pix na entrega.")
    knowing.rows("UPDATE platform.knowledge_base SET source_path = NULL WHERE source_path = 'a.md'")
    (entry,) = (each for each in list_sources(knowing.means.database, knowing.organization_id) if each.path != "b.md")
    assert (entry.version, entry.title) == (2, "a")
    assert delete_source(knowing.means.database, knowing.organization_id, path=entry.path).versions == 2
    assert knowing.active() == [("b.md", 1, "b")]
