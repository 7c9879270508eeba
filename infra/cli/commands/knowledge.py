"""`departments knowledge`: what an organization's agents know."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.commands.options import AsJson, OrganizationName, ReadyFile
from infra.cli.failures import ExitCode
from infra.cli.language import say

app = typer.Typer(no_args_is_help=True, help=say("What the organizations' agents know."))


@app.callback()
def knowledge() -> None:
    """Keep `import` a command of its own while it is the only one."""


@app.command("import", help=say("Bring an organization's knowledge to what a folder of Markdown or text files says."))
def import_(
    folder: Annotated[Path, typer.Argument(help=say("Folder of .md and .txt files; subfolders count."))],
    *,
    organization: OrganizationName,
    prune: Annotated[bool, typer.Option("--prune", help=say("Take entries out of use whose file is gone."))] = False,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Import with progress; exit code 1 when a file could not be imported (the others are)."""
    from infra.cli.knowing import import_knowledge

    if not import_knowledge(folder, organization=organization, ready_file=ready_file, prune=prune, as_json=as_json):
        raise typer.Exit(ExitCode.FAILED)
