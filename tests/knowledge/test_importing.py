from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shared.kit.errors import Rejected, Unavailable
from shared.knowledge import writing
from shared.knowledge.embedding import HashedNgrams
from shared.knowledge.importing import ImportReport, import_folder
from shared.knowledge.retrieval import retrieve
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shared.knowledge.embedding import Vectors
    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database


class Folder:
    """A folder and the organization that imports it."""

    def __init__(self, application: ApplicationDatabase, tenant: Tenant, path: Path) -> None:
        self.application, self.organization_id, self.path = application, tenant.organization_id, path

    def write(self, **files: str) -> None:
        for name, content in files.items():
            (self.path / f"{name}.md").write_text(content, encoding="utf-8")

    def imported(self, **options: Any) -> ImportReport:
        return import_folder(self.application, self.organization_id, self.path, **options)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.application.tenant_once(self.organization_id, statement)]

    def active(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "SELECT source_path, version, content FROM platform.knowledge_base WHERE status = 'active' ORDER BY 1"
        )

    def answer(self, question: str) -> str | None:
        found = retrieve(self.application, organization_id=self.organization_id, question=question)
        return found.passages[0].content if found.passages else None


@pytest.fixture
def folder(application: ApplicationDatabase, tenant: Tenant, tmp_path: Path) -> Folder:
    """An empty folder for the test's own organization."""
    return Folder(application, tenant, tmp_path)


def test_a_folder_becomes_entries_and_chunks(folder: Folder) -> None:
    folder.write(entrega="# Entrega\n\n## Taxa\n\nR$ 5,00.\n\n## Prazo\n\n40 minutos.\n", pagamento="Aceitamos Pix.")
    (folder.path / "sub").mkdir()
    (folder.path / "sub" / "loja.TXT").write_text("Abrimos às 8h.", encoding="utf-8")
    report = folder.imported()
    assert (report.added, report.updated, report.unchanged, report.chunks, report.problems) == (3, 0, 0, 4, ())
    assert [row[0] for row in folder.active()] == ["entrega.md", "pagamento.md", "sub/loja.TXT"]
    assert folder.rows(
        "SELECT heading, content, ordinal FROM platform.knowledge_chunks WHERE heading LIKE '%Prazo'"
    ) == [("Entrega > Prazo", "40 minutos.", 1)]
    assert folder.answer("Aceita pix?") == "Aceitamos Pix."


def test_chunks_carry_their_model_and_their_rules(folder: Folder) -> None:
    """K-05."""
    folder.write(a="Aceitamos Pix.")
    folder.imported()
    assert folder.rows(
        "SELECT DISTINCT embedding_model, vector_dims(embedding), search_configuration FROM platform.knowledge_chunks"
    ) == [("hashed-ngrams-pt-2", 1536, "portuguese-2")]


def test_vectors_are_stored_as_they_were_computed(folder: Folder) -> None:
    folder.write(a="# Loja\n\nAceitamos Pix.")
    folder.imported()
    [(stored,)] = folder.rows("SELECT embedding::text FROM platform.knowledge_chunks")
    vector = np.array(stored[1:-1].split(","), dtype=np.float32)
    assert np.array_equal(vector, HashedNgrams().embed(["Loja\nAceitamos Pix."])[0])


def test_importing_again_changes_nothing(folder: Folder) -> None:
    folder.write(a="Aceitamos Pix.", b="Abrimos às 8h.")
    folder.imported()
    before = folder.rows("SELECT id, updated_at FROM platform.knowledge_base ORDER BY id")
    report = folder.imported()
    assert (report.added, report.updated, report.unchanged, report.chunks) == (0, 0, 2, 0)
    assert folder.rows("SELECT id, updated_at FROM platform.knowledge_base ORDER BY id") == before


def test_a_changed_file_becomes_a_new_version_and_the_old_one_is_not_used(folder: Folder) -> None:
    folder.write(a="O bolo custa 10 reais.")
    folder.imported()
    folder.write(a="O bolo custa 12 reais.")
    report = folder.imported()
    assert (report.added, report.updated, report.chunks) == (0, 1, 1)
    assert folder.active() == [("a.md", 2, "O bolo custa 12 reais.")]
    assert folder.rows(
        "SELECT old.version, old.status, old.content FROM platform.knowledge_base new"
        " JOIN platform.knowledge_base old ON old.id = new.parent_id WHERE new.status = 'active'"
    ) == [(1, "deprecated", "O bolo custa 10 reais.")]
    assert folder.rows("SELECT content FROM platform.knowledge_chunks") == [("O bolo custa 12 reais.",)]


def test_a_file_that_is_gone_stays_known_unless_it_is_pruned(folder: Folder) -> None:
    folder.write(a="Aceitamos Pix.", b="Abrimos às 8h.")
    folder.imported()
    (folder.path / "a.md").unlink()
    assert folder.imported().removed == 0
    assert folder.answer("Aceita pix?") == "Aceitamos Pix."
    assert folder.imported(prune=True).removed == 1
    assert folder.answer("Aceita pix?") is None
    assert [row[0] for row in folder.active()] == ["b.md"]


def test_a_file_that_comes_back_is_known_again(folder: Folder) -> None:
    folder.write(a="Aceitamos Pix.", b="Abrimos às 8h.")
    folder.imported()
    (folder.path / "a.md").unlink()
    folder.imported(prune=True)
    folder.write(a="Aceitamos Pix.")
    assert folder.imported().added == 1
    assert folder.answer("Aceita pix?") == "Aceitamos Pix."


def test_a_bad_file_is_named_and_does_not_stop_the_others(folder: Folder) -> None:
    folder.write(a="Aceitamos Pix.", c="Abrimos às 8h.")
    (folder.path / "b.md").write_bytes("Café".encode("cp1252"))
    report = folder.imported()
    assert report.added == 2
    assert [(problem.path, problem.reason) for problem in report.problems] == [
        ("b.md", "is not UTF-8 text (byte 3); save it as UTF-8")
    ]


def test_a_file_that_became_bad_keeps_its_last_good_version(folder: Folder) -> None:
    folder.write(a="Aceitamos Pix.")
    folder.imported()
    (folder.path / "a.md").write_bytes(b"")
    assert folder.imported(prune=True).problems[0].path == "a.md"
    assert folder.answer("Aceita pix?") == "Aceitamos Pix."


def test_five_megabytes_are_refused_by_name(folder: Folder) -> None:
    """V7."""
    folder.write(grande="a" * 5_000_000, a="Aceitamos Pix.")
    report = folder.imported()
    assert report.added == 1
    assert "split it" in report.problems[0].reason


def test_the_largest_file_is_imported(folder: Folder) -> None:
    """V7: about 1,300 chunks in one transaction."""
    sentence = "O bolo de cenoura com cobertura custa {} reais e serve dez pessoas. "
    folder.write(grande="".join(sentence.format(n) for n in range(14_000)))
    report = folder.imported()
    assert report.added == 1
    assert report.chunks > 1000


@pytest.mark.parametrize(
    "text",
    ["a\0b bolo", "\u202ebolo 👩‍👩‍👧‍👦 Z̸̢̛a̴l̵g̷o̶", "'); DROP TABLE x; -- {bolo,NULL} \\", '"{}",\\N bolo'],
    ids=["NUL", "marks", "SQL", "arrays"],
)
def test_hostile_text_is_stored_and_found(folder: Folder, text: str) -> None:
    """V1, V7, V10."""
    folder.write(a=text)
    assert folder.imported().chunks == 1
    assert folder.answer("bolo") == text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def test_hidden_files_other_kinds_and_links_out_of_the_folder_are_left_out(folder: Folder, tmp_path: Path) -> None:
    """V11."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.md").write_text("segredo", encoding="utf-8")
    (inside / "a.md").write_text("Aceitamos Pix.", encoding="utf-8")
    (inside / ".b.md").write_text("oculto", encoding="utf-8")
    (inside / "c.png").write_bytes(b"\x89PNG")
    (inside / "d.md").symlink_to(tmp_path / "secret.md")
    folder.path = inside
    folder.imported()
    assert [row[0] for row in folder.active()] == ["a.md"]


def test_a_folder_without_files_is_refused(folder: Folder) -> None:
    with pytest.raises(Rejected, match=r"has no document"):
        folder.imported()
    folder.path /= "missing"
    with pytest.raises(Rejected, match="is not a folder"):
        folder.imported()


def test_progress_is_told_after_each_file(folder: Folder) -> None:
    folder.write(a="Aceitamos Pix.", b="", c="Abrimos.")
    told: list[tuple[int, int, str]] = []
    folder.imported(progress=lambda done, total, path: told.append((done, total, path)))
    assert told == [(1, 3, "a.md"), (2, 3, "b.md"), (3, 3, "c.md")]


class FailingEmbedder(HashedNgrams):
    """Fails at the second document, as a process that is killed in the middle."""

    def __init__(self) -> None:
        self._calls = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self._calls += 1
        if self._calls == 2:
            raise KeyboardInterrupt
        return super().embed(texts)


def test_an_interrupted_import_is_finished_by_the_next(folder: Folder) -> None:
    folder.write(a="Aceitamos Pix.", b="Abrimos às 8h.", c="Temos bolo.")
    with pytest.raises(KeyboardInterrupt):
        folder.imported(embedder=FailingEmbedder())
    assert [row[0] for row in folder.active()] == ["a.md"]
    report = folder.imported()
    assert (report.added, report.unchanged) == (2, 1)


class PausingEmbedder(HashedNgrams):
    """Waits, after its first work, until the test lets it go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = super().embed(texts)
        self.reached.set()
        assert self.go_on.wait(30)
        return vectors


@pytest.mark.parametrize("is_known", [False, True], ids=["new file", "changed file"])
def test_of_two_imports_at_once_one_writes_and_the_other_is_told(folder: Folder, *, is_known: bool) -> None:
    folder.write(a="O bolo custa 10 reais.")
    if is_known:
        folder.imported()
        folder.write(a="O bolo custa 12 reais.")
    embedder = PausingEmbedder()
    failures: list[Exception] = []

    def late() -> None:
        try:
            folder.imported(embedder=embedder)
        except Unavailable as failure:
            failures.append(failure)

    thread = threading.Thread(target=late)
    thread.start()
    assert embedder.reached.wait(30)
    folder.imported()
    embedder.go_on.set()
    thread.join(30)
    assert "Another import is writing a.md" in str(failures[0])
    assert len(folder.active()) == 1
    assert len(folder.rows("SELECT id FROM platform.knowledge_chunks")) == 1


def test_no_transaction_is_open_while_vectors_are_computed(folder: Folder, shared_database: Database) -> None:
    folder.write(a="Aceitamos Pix.", b="Abrimos às 8h.")
    embedder = PausingEmbedder()
    thread = threading.Thread(target=lambda: folder.imported(embedder=embedder))
    thread.start()
    assert embedder.reached.wait(30)
    connection = shared_database.superuser()
    cursor = connection.cursor()
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = %s AND usename = 'application' AND xact_start IS NOT NULL",
        (shared_database.name,),
    )
    assert cursor.fetchone() == [0]
    connection.close()
    embedder.go_on.set()
    thread.join(30)


def test_an_organization_that_outgrows_the_scan_moves_to_the_approximate_index(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K-03: and is searched as before."""
    monkeypatch.setattr(writing, "SCAN_LIMIT", 20)
    monkeypatch.setattr(writing, "MOVED_AT_ONCE", 7)
    folder.write(**{f"a{n}": f"O bolo número {n} custa {n} reais." for n in range(20)})
    folder.imported()
    assert folder.rows("SELECT DISTINCT ann_indexed FROM platform.knowledge_chunks") == [(False,)]
    folder.write(b="Aceitamos Pix.")
    folder.imported()
    assert folder.rows("SELECT DISTINCT ann_indexed FROM platform.knowledge_chunks") == [(True,)]
    assert folder.answer("Aceita pix?") == "Aceitamos Pix."
    assert folder.answer("Quanto custa o bolo número 7?") == "O bolo número 7 custa 7 reais."


def test_an_import_touches_no_other_organization(folder: Folder, shared_database: Database) -> None:
    other = Folder(folder.application, make_organization(shared_database), folder.path)
    folder.write(a="Aceitamos Pix.")
    folder.imported()
    other.imported()
    folder.write(a="Não aceitamos Pix.")
    folder.imported()
    assert other.active() == [("a.md", 1, "Aceitamos Pix.")]
    assert other.answer("Aceita pix?") == "Aceitamos Pix."
