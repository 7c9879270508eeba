"""`departments knowledge`: what an organization's agents know."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.commands.options import AsJson, OrganizationName, ReadyFile
from infra.cli.failures import ExitCode
from infra.cli.language import say

app = typer.Typer(no_args_is_help=True, help=say("What the organizations' agents know."))

SourcePath = Annotated[
    str, typer.Argument(metavar="PATH", help=say("The source, as `departments knowledge list` shows it."))
]


@app.command("import", help=say("Bring an organization's knowledge to what documents say: folders, files, addresses."))
def import_(  # noqa: PLR0913 - the options of one command
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER|FILE…",
            help=say("Folders (subfolders count) or files: .md, .txt, .html, .pdf, .docx, .csv."),
        ),
    ] = None,
    *,
    organization: OrganizationName,
    urls: Annotated[
        Path | None, typer.Option("--urls", help=say("File with one https address a line; # begins a comment."))
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help=say("Take entries out of use whose file is gone from the one folder."))
    ] = False,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Import with progress; exit code 1 when something could not be imported (the others are)."""
    from infra.cli.knowing import import_knowledge

    complete = import_knowledge(
        sources or [], urls=urls, organization=organization, ready_file=ready_file, prune=prune, as_json=as_json
    )
    if not complete:
        raise typer.Exit(ExitCode.FAILED)


@app.command("list", help=say("List an organization's sources, with how often each answered and how well."))
def list_(*, organization: OrganizationName, ready_file: ReadyFile = None, as_json: AsJson = False) -> None:
    """List what is in use."""
    from infra.cli.sources import show_sources

    show_sources(organization=organization, ready_file=ready_file, as_json=as_json)


@app.command(
    "review", help=say("List what is past its date or was not looked at for long, or note that it was looked at.")
)
def review(
    *,
    organization: OrganizationName,
    done: Annotated[
        list[str] | None, typer.Option("--done", metavar="PATH", help=say("Note that this source is right as it is."))
    ] = None,
    every: Annotated[
        int | None,
        typer.Option("--every", metavar="DAYS", help=say("Have entries looked at again after so many days.")),
    ] = None,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Note first, then list."""
    from infra.cli.sources import show_review

    show_review(organization=organization, done=done or [], every=every, ready_file=ready_file, as_json=as_json)


@app.command("history", help=say("List a source's versions, or use an older one again."))
def history(
    path: SourcePath,
    *,
    organization: OrganizationName,
    back_to: Annotated[
        int | None, typer.Option("--back-to", metavar="VERSION", help=say("Use this version's text again."))
    ] = None,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring back first, then list."""
    from infra.cli.sources import show_history

    show_history(path, organization=organization, back_to=back_to, ready_file=ready_file, as_json=as_json)


@app.command("delete", help=say("Take a source out for good, with all its versions and its file in storage."))
def delete(
    path: SourcePath, *, organization: OrganizationName, ready_file: ReadyFile = None, as_json: AsJson = False
) -> None:
    """Delete at once; the file in storage goes within minutes."""
    from infra.cli.sources import delete_knowledge

    delete_knowledge(path, organization=organization, ready_file=ready_file, as_json=as_json)


@app.command(
    "reembed", help=say("Give all of an organization's passages another model's vectors; the old ones serve meanwhile.")
)
def reembed(
    *,
    organization: OrganizationName,
    model: Annotated[str, typer.Option("--model", help=say("Embedding model; docs/knowledge.md lists them."))],
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Embed with progress; interrupted, it is finished by the function knowledge_ingestion."""
    from infra.cli.sources import reembed_knowledge

    if not reembed_knowledge(organization=organization, model=model, ready_file=ready_file, as_json=as_json):
        raise typer.Exit(ExitCode.FAILED)
