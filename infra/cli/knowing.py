"""Imports documents as an organization's knowledge, with progress, and tells what became of each."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.cli.demo.screenplay import import_bar
from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import language, say
from infra.cli.naming import find_organization
from infra.cli.refusals import refused
from infra.cli.screen import output, print_json
from shared.kit.errors import Rejected
from shared.kit.ids import new_id
from shared.knowledge.embedders import Embedders
from shared.knowledge.embedding import Embedder
from shared.knowledge.embedding_calls import accounted
from shared.knowledge.importing import FILES_LIMIT, ImportReport, Problem, import_files, import_folder
from shared.knowledge.ingestion.pages import Pages
from shared.knowledge.ingestion.requesting import request_pages
from shared.knowledge.ingestion.running import Means, run_ingestion
from shared.platform.database import Database
from shared.platform.refusals import REFUSALS
from shared.platform.settings import EmbeddingSettings, load
from shared.usage.models import SpendingLimitReached

_KNOWN = """
    SELECT source_path FROM platform.knowledge_base
    WHERE status = 'active' AND source_path = ANY (CAST(:paths AS text[]))"""
_LATER = "could not be fetched now; it is tried again by itself"

Tell = Callable[[str, int, int], None]
"""Told after each document: its path, how many are done, how many there are."""


@dataclass(frozen=True, slots=True)
class _Into:
    """Where the documents go, and by whose vectors."""

    database: Database
    organization_id: UUID
    embedders: Embedders


def import_knowledge(  # noqa: PLR0913 - the options of one command
    sources: Sequence[Path],
    *,
    urls: Path | None,
    organization: str,
    ready_file: Path | None,
    prune: bool,
    as_json: bool,
) -> bool:
    """Import and print; returns whether every document could be used.

    Raises:
        CommandFailed: there is nothing to import, no such organization, or the database is away.
    """
    if not sources and urls is None:
        raise refused("import_what")
    if prune and (len(sources) != 1 or not sources[0].is_dir()):
        raise refused("prune_what")
    installation = Installation.named(ready_file)
    path = sources[0] if sources else urls
    with explained(path=path, limit=FILES_LIMIT), installation.application() as database:
        _check_sources(sources)
        addresses = _addresses(urls) if urls is not None else []
        organization_id = find_organization(installation, database, organization)
        into = _Into(database, organization_id, Embedders(load(EmbeddingSettings)))
        reports = [_import_source(into, source, prune=prune) for source in sources if source.is_dir()]
        files = [source for source in sources if not source.is_dir()]
        if files:
            reports.append(_import_files(into, files))
        if addresses:
            reports.append(_import_addresses(into, addresses))
    report = _sum(reports)
    if as_json:
        print_json(_as_data(report))
    else:
        _show(report)
    return not report.problems


def import_demo_knowledge(folder: Path, *, ready_file: Path, organization_id: str, tell: Tell) -> dict[str, Any]:
    """Import a folder into a local stack; returns what `--json` prints."""
    with explained(path=folder, limit=FILES_LIMIT), Installation.named(ready_file).application() as database:
        into = _Into(database, UUID(organization_id), Embedders(load(EmbeddingSettings)))
        return _as_data(_import_folder(into, folder, prune=False, tell=tell))


@contextmanager
def own_embedder(database: Database, organization_id: UUID, embedders: Embedders) -> Iterator[Embedder]:
    """The embedder of the organization's chunks; what its calls cost is in the ledger."""
    model = embedders.model_of(database, organization_id, fresh=True)
    with accounted(database, organization_id, work_id=new_id()) as ledger:
        try:
            yield embedders.for_documents(model, ledger=ledger)
        except SpendingLimitReached:
            raise refused("spending_limit") from None


def _check_sources(sources: Sequence[Path]) -> None:
    for source in sources:
        if not source.exists():
            raise refused("not_a_folder" if not source.suffix else "not_a_file", path=source)


def _import_source(into: _Into, folder: Path, *, prune: bool) -> ImportReport:
    with import_bar(say("Importing {folder}", folder=folder)) as tell:
        return _import_folder(into, folder, prune=prune, tell=tell)


def _import_folder(into: _Into, folder: Path, *, prune: bool, tell: Tell) -> ImportReport:
    with own_embedder(into.database, into.organization_id, into.embedders) as embedder:
        return import_folder(
            into.database,
            into.organization_id,
            folder,
            progress=lambda done, count, path: tell(path, done, count),
            prune=prune,
            embedder=embedder,
        )


def _import_files(into: _Into, files: Sequence[Path]) -> ImportReport:
    """Each file by its name alone, as it would be known at the top of a folder."""
    with (
        import_bar(say("Importing {folder}", folder=say("files"))) as tell,
        own_embedder(into.database, into.organization_id, into.embedders) as embedder,
    ):
        return import_files(
            into.database,
            into.organization_id,
            {file.name: file for file in files},
            progress=lambda done, count, path: tell(path, done, count),
            embedder=embedder,
        )


def _import_addresses(into: _Into, addresses: Sequence[str]) -> ImportReport:
    """Ask for all, then do each here; what this process does not finish the function does."""
    wanted = request_pages(into.database, into.organization_id, addresses)
    pages = Pages()
    means = Means(into.database, into.embedders, pages, storage=None, bucket="")
    report = ImportReport()
    problems = []
    known = {source for (source,) in into.database.tenant_once(into.organization_id, _KNOWN, paths=list(addresses))}
    with import_bar(say("Importing {folder}", folder=say("addresses"))) as tell:
        for done, (address, ingestion_id) in enumerate(zip(addresses, wanted, strict=True), start=1):
            became = run_ingestion(means, organization_id=into.organization_id, ingestion_id=ingestion_id)
            report.chunks += became.chunks
            if became.state != "done":
                reason = _reason(into, ingestion_id) if became.state != "pending" else _LATER
                problems.append(Problem(address, reason, became.code or became.state))
            elif became.code == "unchanged":
                report.unchanged += 1
            elif address in known:
                report.updated += 1
            else:
                report.added += 1
            tell(address, done, len(addresses))
    pages.close()
    report.problems = tuple(problems)
    return report


def _reason(into: _Into, ingestion_id: UUID) -> str:
    statement = "SELECT error_detail FROM platform.knowledge_ingestions WHERE id = :id"
    return str(into.database.tenant_once(into.organization_id, statement, id=ingestion_id)[0].error_detail)


def _addresses(file: Path) -> list[str]:
    """The addresses of a file, each once."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise refused("not_a_file", path=file) from None
    found = [line.partition(" #")[0].strip() for line in lines if not line.lstrip().startswith("#")]
    addresses = list(dict.fromkeys(address for address in found if address))
    if not addresses:
        raise Rejected("no_files", f"{file} has no address")
    return addresses


def _sum(reports: Sequence[ImportReport]) -> ImportReport:
    return ImportReport(
        added=sum(report.added for report in reports),
        updated=sum(report.updated for report in reports),
        unchanged=sum(report.unchanged for report in reports),
        removed=sum(report.removed for report in reports),
        chunks=sum(report.chunks for report in reports),
        problems=tuple(problem for report in reports for problem in report.problems),
    )


def _as_data(report: ImportReport) -> dict[str, Any]:
    return {
        "files": report.added + report.updated + report.unchanged + len(report.problems),
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "chunks": report.chunks,
        "errors": [
            {"file": problem.path, "code": problem.code, "reason": problem.reason} for problem in report.problems
        ],
    }


def _show(report: ImportReport) -> None:
    console = output()
    for problem in report.problems:
        known = REFUSALS.get(problem.code) if language() == "pt" else None
        reason = f": {known.message_pt}" if known else f" {problem.reason}"
        console.print("[red]✗[/] ", end="")
        console.print(f"{problem.path}{reason}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        say(
            "{added} added, {updated} updated, {unchanged} unchanged, {removed} removed, {problems} not imported;"
            " {chunks} passages written",
            added=report.added,
            updated=report.updated,
            unchanged=report.unchanged,
            removed=report.removed,
            problems=len(report.problems),
            chunks=report.chunks,
        ),
        highlight=False,
    )
