"""Shows and changes what an organization knows: its sources, their reviews, versions, deletion, and their vectors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.knowing import own_embedder
from infra.cli.language import say
from infra.cli.naming import find_organization
from infra.cli.screen import output, print_json
from infra.cli.screen import progress as progress_console
from shared.knowledge.embedders import Embedders
from shared.knowledge.ingestion.models import IngestionReport
from shared.knowledge.ingestion.pages import Pages
from shared.knowledge.ingestion.reembedding import request_reembedding
from shared.knowledge.ingestion.running import Means, run_ingestion
from shared.knowledge.reviewing import ReviewItem, mark_reviewed, review_list, set_review_days
from shared.knowledge.sources import Source, Version, bring_back, delete_source, history, list_sources
from shared.platform.database import Database
from shared.platform.settings import EmbeddingSettings, load


@dataclass(frozen=True, slots=True)
class _Library:
    """One organization's knowledge."""

    database: Database
    organization_id: UUID


@contextmanager
def _opened(organization: str, ready_file: Path | None, **named: object) -> Iterator[_Library]:
    """Open it; refusals name what `named` says."""
    installation = Installation.named(ready_file)
    with explained(**named), installation.application() as database:
        yield _Library(database, find_organization(installation, database, organization))


def show_sources(*, organization: str, ready_file: Path | None, as_json: bool) -> None:
    """List what is in use."""
    with _opened(organization, ready_file) as library:
        found = list_sources(library.database, library.organization_id)
    if as_json:
        print_json([asdict(source) for source in found])
        return
    table = _table(
        say("source"), say("title"), say("version"), say("passages"), say("valid until"), say("answers"), say("worth")
    )
    for source in found:
        table.add_row(*_row(source))
    output().print(table)


def _row(source: Source) -> list[str]:
    worth = f"{source.effectiveness:.2f}" if source.uses else "—"
    facts = [source.path, source.title, str(source.version), str(source.chunks), _day(source.valid_until)]
    return [*facts, str(source.uses), worth]


def show_review(
    *, organization: str, done: Sequence[str], every: int | None, ready_file: Path | None, as_json: bool
) -> None:
    """Note what was looked at and how often it is to be, then list what is left."""
    with _opened(organization, ready_file) as library:
        if every is not None:
            set_review_days(library.database, library.organization_id, days=every)
        if done:
            mark_reviewed(library.database, library.organization_id, done)
        items = review_list(library.database, library.organization_id)
    if as_json:
        print_json([asdict(item) for item in items])
        return
    if not items:
        output().print(say("Nothing is to be looked at."), highlight=False)
        return
    table = _table(say("source"), say("title"), say("why"), say("valid until"), say("last looked at"), say("answers"))
    for item in items:
        table.add_row(*_review_row(item))
    output().print(table)


def _review_row(item: ReviewItem) -> list[str]:
    why = say("past its date: not used") if item.reason == "expired" else say("not looked at for long")
    return [item.path, item.title, why, _day(item.valid_until), _day(item.reviewed_at), str(item.uses)]


def show_history(path: str, *, organization: str, back_to: int | None, ready_file: Path | None, as_json: bool) -> None:
    """Bring an older version back if asked to, then list them all."""
    with _opened(organization, ready_file, path=path) as library:
        if back_to is not None:
            embedders = Embedders(load(EmbeddingSettings))
            with own_embedder(library.database, library.organization_id, embedders) as embedder:
                bring_back(library.database, library.organization_id, path=path, version=back_to, embedder=embedder)
        versions = history(library.database, library.organization_id, path=path)
    if as_json:
        print_json([asdict(version) for version in versions])
        return
    table = _table(say("version"), say("state"), say("title"), say("since"), say("bytes"))
    for version in versions:
        table.add_row(*_version_row(version))
    output().print(table)


def _version_row(version: Version) -> list[str]:
    state = say("in use") if version.status == "active" else say("former")
    return [str(version.version), state, version.title, _day(version.created_at), f"{version.bytes:,}"]


def delete_knowledge(path: str, *, organization: str, ready_file: Path | None, as_json: bool) -> None:
    """Delete a source; its objects go by work of the function knowledge_ingestion."""
    with _opened(organization, ready_file, path=path) as library:
        gone = delete_source(library.database, library.organization_id, path=path)
    if as_json:
        print_json({"path": path, **asdict(gone)})
        return
    told = say(
        "{path} is deleted with {versions} versions; {objects} files in storage go within minutes",
        path=path,
        versions=gone.versions,
        objects=gone.objects,
    )
    output().print(told, markup=False, highlight=False, soft_wrap=True)


def reembed_knowledge(*, organization: str, model: str, ready_file: Path | None, as_json: bool) -> bool:
    """Re-embed here, part after part; returns whether it is done (else the function goes on with it)."""
    with _opened(organization, ready_file) as library:
        embedders = Embedders(load(EmbeddingSettings))
        wanted = request_reembedding(library.database, embedders, library.organization_id, model=model)
        report = _reembed(library, embedders, wanted)
    if as_json:
        print_json({"ingestion_id": wanted, "model": model, **asdict(report)})
    elif report.state == "done":
        output().print(say("{chunks} passages have vectors of {model} now", chunks=report.chunks, model=model))
    else:
        told = say("not finished ({code}); it goes on by itself", code=report.code or report.state)
        output().print(told, markup=False, highlight=False)
    return report.state == "done"


def _reembed(library: _Library, embedders: Embedders, wanted: UUID) -> IngestionReport:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=progress_console(), transient=True) as bars:
        bar = bars.add_task(say("Embedding"), total=None)
        means = Means(
            library.database,
            embedders,
            Pages(),
            storage=None,
            bucket="",
            progress=lambda done, total: bars.update(bar, completed=done, total=total),
        )
        while True:
            report = run_ingestion(means, organization_id=library.organization_id, ingestion_id=wanted)
            if report.code != "more":
                return report


def _table(*headers: str) -> Table:
    table = Table()
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else "—"
