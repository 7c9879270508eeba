"""Brings an organization's knowledge to what a folder of Markdown and text files says; safe to repeat and to interrupt.

Each file is one entry and one transaction; its vectors are computed before that begins. An unchanged file
costs nothing. A changed one becomes a new version, and the old one is taken out of use in the same transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from shared.kit.errors import Rejected, Unavailable
from shared.kit.ids import new_id
from shared.knowledge import queries
from shared.knowledge.articles import read_article
from shared.knowledge.chunking import chunks
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.models import ActiveEntry, ChunkRow, Entry
from shared.knowledge.portuguese import index_lexemes
from shared.platform.database import Database

SUFFIXES: Final = (".md", ".markdown", ".txt")
FILES_LIMIT: Final = 10_000
ROWS_PER_STATEMENT: Final = 50  # half a megabyte of vectors
# Chunks up to which scanning a tenant's own bits is fast enough (15 ms); beyond it the approximate index takes over.
SCAN_LIMIT: Final = 20_000
_MOVED_AT_ONCE: Final = 500  # rows put into the approximate index per transaction: a second or two

Progress = Callable[[int, int, str], None]
"""Called after each file with the files done, the files in all, and the path of the file that was done."""

_EMBEDDER = HashedNgrams()


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was not imported, by its path within the folder, and what to do about it."""

    path: str
    reason: str


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What an import did: counts of files, the chunks it wrote, and the files it could not use."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    problems: tuple[Problem, ...] = ()


def import_folder(  # noqa: PLR0913 -- all but the first three are options
    database: Database,
    organization_id: UUID,
    folder: Path,
    *,
    progress: Progress | None = None,
    prune: bool = False,
    embedder: Embedder = _EMBEDDER,
) -> ImportReport:
    """Import the folder's .md, .markdown and .txt files, those of its subfolders too; hidden ones are left out.

    A file that cannot be used is a problem in the report and does not stop the others. `prune` takes entries out of use
    whose file is gone; else they stay. Raises Rejected (`no_folder`, `no_files`, `too_many_files`) before anything is
    written, Unavailable when the database is; what was imported until then stays and is skipped by the next run.
    """
    files = _files(folder)
    active = queries.active_entries(database, organization_id)
    report = ImportReport()
    problems = []
    for done, (path, file) in enumerate(files.items(), start=1):
        try:
            _import_file(database, organization_id, file, path=path, active=active, embedder=embedder, report=report)
        except Rejected as refusal:
            problems.append(Problem(path, str(refusal)))
        if progress is not None:
            progress(done, len(files), path)
    if prune:
        for path in active.keys() - files.keys():
            with database.tenant(organization_id) as session:
                report.removed += queries.deprecate_entry(session, active[path].id)
    report.problems = tuple(problems)
    _index_if_large(database, organization_id, model=embedder.model)
    return report


def _files(folder: Path) -> dict[str, Path]:
    """The files to import by their path within the folder, in order; links that lead out of it are left out."""
    if not folder.is_dir():
        raise Rejected("no_folder", f"{folder} is not a folder")
    root = folder.resolve()
    found = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
        and path.resolve().is_relative_to(root)
    }
    if not found:
        raise Rejected("no_files", f"{folder} has no {', '.join(SUFFIXES)} file")
    if len(found) > FILES_LIMIT:
        raise Rejected("too_many_files", f"{folder} has {len(found):,} files; import at most {FILES_LIMIT:,} at once")
    return found


def _import_file(  # noqa: PLR0913 -- what the loop of `import_folder` knows
    database: Database,
    organization_id: UUID,
    file: Path,
    *,
    path: str,
    active: dict[str, ActiveEntry],
    embedder: Embedder,
    report: ImportReport,
) -> None:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Rejected("unreadable", f"cannot be read ({error.strerror}); check its permissions") from None
    entry = read_article(raw, path=path, model=embedder.model)
    former = active.get(path)
    if former is not None and former.source_digest == entry.source_digest:
        report.unchanged += 1
        return
    rows = chunk_rows(entry, embedder)
    database.retrying(lambda: _write(database, organization_id, entry, rows, former=former, model=embedder.model))
    report.chunks += len(rows)
    if former is None:
        report.added += 1
    else:
        report.updated += 1


def chunk_rows(entry: Entry, embedder: Embedder) -> list[ChunkRow]:
    """The entry's chunks, embedded and indexed together with the headings above them."""
    parts = chunks(entry.content, title=entry.title)
    texts = [f"{part.heading}\n{part.content}" for part in parts]
    vectors = embedder.embed(texts)
    return [
        ChunkRow(
            id=new_id(),
            ordinal=ordinal,
            heading=part.heading,
            content=part.content,
            embedding=_stored_form(vector),
            lexemes=tuple(sorted(index_lexemes(text))),
        )
        for ordinal, (part, text, vector) in enumerate(zip(parts, texts, vectors, strict=True))
    ]


def _stored_form(vector: NDArray[np.float32]) -> str:
    """The text form of pgvector, with as many digits as a 32-bit number has."""
    return "[" + ",".join([f"{value:.9g}" for value in vector.tolist()]) + "]"


def _write(  # noqa: PLR0913 -- one entry with all its parts
    database: Database,
    organization_id: UUID,
    entry: Entry,
    rows: list[ChunkRow],
    *,
    former: ActiveEntry | None,
    model: str,
) -> None:
    entry_id = new_id()
    with database.tenant(organization_id) as session:
        if former is not None and not queries.deprecate_entry(session, former.id):
            raise _rival(entry.source_path)
        if not queries.insert_entry(session, organization_id, entry, entry_id=entry_id, replaces=former):
            raise _rival(entry.source_path)
        for start in range(0, len(rows), ROWS_PER_STATEMENT):
            queries.insert_chunks(
                session, organization_id, rows[start : start + ROWS_PER_STATEMENT], knowledge_id=entry_id, model=model
            )


def _rival(path: str) -> Unavailable:
    return Unavailable(f"Another import is writing {path}; run this one again when it has finished")


def _index_if_large(database: Database, organization_id: UUID, *, model: str) -> None:
    """Move the chunks of an organization that has outgrown the scan into the approximate index, a batch at a time.

    A search looks into both, so it is complete at every moment of the move and after an interruption.
    """
    if queries.count_chunks(database, organization_id, model=model) > SCAN_LIMIT:
        while queries.move_to_approximate_index(database, organization_id, model=model, batch=_MOVED_AT_ONCE):
            pass
