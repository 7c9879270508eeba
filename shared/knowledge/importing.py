"""Brings an organization's knowledge to what a folder of documents says; safe to repeat and to interrupt.

Each file is one entry and one transaction; its vectors are computed before that begins. An unchanged file
costs nothing. A changed one becomes a new version, and the old one is taken out of use in the same transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from shared.kit.errors import Rejected
from shared.knowledge import queries
from shared.knowledge.articles import digest_before_reading, read_article
from shared.knowledge.documents.limits import LARGEST_FILE
from shared.knowledge.documents.reading import DocumentReader
from shared.knowledge.documents.sniffing import SUFFIXES
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.models import ActiveEntry, ChunkRow, Entry
from shared.knowledge.writing import chunk_rows, index_if_large, write_entry
from shared.platform.database import Database

FILES_LIMIT: Final = 10_000

Progress = Callable[[int, int, str], None]
"""Called after each file with the files done, the files in all, and the path of the file that was done."""

_EMBEDDER = HashedNgrams()


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that was not imported, by its path within the folder, and what to do about it."""

    path: str
    reason: str
    code: str


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
    """Import the folder's documents (SUFFIXES), those of its subfolders too; hidden ones are left out.

    A file that cannot be used is a problem in the report and does not stop the others. `prune` takes entries out of use
    that came from files which are gone; else they stay. Raises Rejected (`no_folder`, `no_files`, `too_many_files`,
    `other_embedding_model`) before anything is written, Unavailable when the database is; what was imported until then
    stays and is skipped by the next run.
    """
    files = _files(folder)
    report = import_files(database, organization_id, files, progress=progress, embedder=embedder)
    if prune:
        active = queries.active_entries(database, organization_id)
        for path in [path for path in active.keys() - files.keys() if not is_url(path)]:
            with database.tenant(organization_id) as session:
                report.removed += queries.deprecate_entry(session, active[path].id)
    return report


def import_files(
    database: Database,
    organization_id: UUID,
    files: Mapping[str, Path],
    *,
    progress: Progress | None = None,
    embedder: Embedder = _EMBEDDER,
) -> ImportReport:
    """Import single files, each under the path by which it is known. As `import_folder`, of which it is the work."""
    active = queries.active_entries(database, organization_id)
    _check_model(database, organization_id, embedder)
    report = ImportReport()
    problems = []
    with DocumentReader() as reader:
        one = _Importing(database, organization_id, embedder, reader, report)
        for done, (path, file) in enumerate(files.items(), start=1):
            try:
                one.take(file, path=path, former=active.get(path))
            except Rejected as refusal:
                problems.append(Problem(path, str(refusal), refusal.code))
            if progress is not None:
                progress(done, len(files), path)
    report.problems = tuple(problems)
    index_if_large(database, organization_id, model=embedder.model)
    return report


def is_url(path: str) -> bool:
    """Whether an entry's path is the address of a page, and not the name of a file."""
    return path.startswith("https://")


def _check_model(database: Database, organization_id: UUID, embedder: Embedder) -> None:
    held = queries.embedding_model(database, organization_id)
    if held is not None and held != embedder.model:
        raise Rejected(
            "other_embedding_model",
            f"the organization's knowledge has vectors of {held}, these would be of {embedder.model}; change all of"
            " them first: departments knowledge reembed",
        )


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
        raise Rejected("no_files", f"{folder} has no document ({', '.join(SUFFIXES)})")
    if len(found) > FILES_LIMIT:
        raise Rejected("too_many_files", f"{folder} has {len(found):,} files; import at most {FILES_LIMIT:,} at once")
    return found


@dataclass(frozen=True, slots=True)
class _Importing:
    """What one run works with."""

    database: Database
    organization_id: UUID
    embedder: Embedder
    reader: DocumentReader
    report: ImportReport

    def take(self, file: Path, *, path: str, former: ActiveEntry | None) -> None:
        """Import one file and count it. Raises Rejected when it cannot be used."""
        raw = _bytes_of(file)
        known = former.source_digest if former is not None else None
        if known is not None and known == digest_before_reading(raw, path=path):
            self.report.unchanged += 1
            return
        entry = read_article(raw, path=path, reader=self.reader)
        if known == entry.source_digest:
            self.report.unchanged += 1
            return
        rows = chunk_rows(entry, self.embedder)
        self.database.retrying(lambda: self._write(entry, rows, former))
        self.report.chunks += len(rows)
        if former is None:
            self.report.added += 1
        else:
            self.report.updated += 1

    def _write(self, entry: Entry, rows: list[ChunkRow], former: ActiveEntry | None) -> None:
        with self.database.tenant(self.organization_id) as session:
            write_entry(session, self.organization_id, entry, rows, former=former, model=self.embedder.model)


def _bytes_of(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise Rejected("too_large", f"has {file.stat().st_size:,} bytes; split it into files of {LARGEST_FILE:,}")
        return file.read_bytes()
    except OSError as error:
        raise Rejected("unreadable", f"cannot be read ({error.strerror}); check its permissions") from None
