"""Imports a folder as an organization's knowledge, with progress, and tells what became of each file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.cli.demo.screenplay import import_bar
from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.naming import find_organization
from infra.cli.refusals import refused
from infra.cli.screen import output, print_json
from shared.knowledge.importing import FILES_LIMIT, ImportReport, import_folder
from shared.platform.database import Database

Tell = Callable[[str, int, int], None]
"""Told after each file: its path, how many are done, how many there are."""


def import_knowledge(folder: Path, *, organization: str, ready_file: Path | None, prune: bool, as_json: bool) -> bool:
    """Import and print; returns whether every file could be used.

    Raises:
        CommandFailed: the folder holds nothing to import, there is no such organization, or the database is away.
    """
    installation = Installation.named(ready_file)
    with explained(path=folder, limit=FILES_LIMIT), installation.application() as database:
        if not folder.is_dir():
            raise refused("not_a_folder", path=folder)
        organization_id = find_organization(installation, database, organization)
        with import_bar(say("Importing {folder}", folder=folder)) as tell:
            report = _import(database, organization_id, folder, prune=prune, tell=tell)
    if as_json:
        print_json(_as_data(report))
    else:
        _show(report)
    return not report.problems


def import_demo_knowledge(folder: Path, *, ready_file: Path, organization_id: str, tell: Tell) -> dict[str, Any]:
    """Import a folder into a local stack; returns what `--json` prints."""
    with explained(path=folder, limit=FILES_LIMIT), Installation.named(ready_file).application() as database:
        return _as_data(_import(database, UUID(organization_id), folder, prune=False, tell=tell))


def _import(database: Database, organization_id: UUID, folder: Path, *, prune: bool, tell: Tell) -> ImportReport:
    def progress(done: int, count: int, path: str) -> None:
        tell(path, done, count)

    return import_folder(database, organization_id, folder, progress=progress, prune=prune)


def _as_data(report: ImportReport) -> dict[str, Any]:
    return {
        "files": report.added + report.updated + report.unchanged + len(report.problems),
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "chunks": report.chunks,
        "errors": [{"file": problem.path, "reason": problem.reason} for problem in report.problems],
    }


def _show(report: ImportReport) -> None:
    console = output()
    for problem in report.problems:
        console.print("[red]✗[/] ", end="")
        console.print(f"{problem.path} {problem.reason}", markup=False, highlight=False, soft_wrap=True)
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
