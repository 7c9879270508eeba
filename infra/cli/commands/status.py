"""`departments status`: what is stored, waiting or stuck."""

from typing import Annotated

import typer

from infra.cli.commands.options import AsJson, ReadyFile
from infra.cli.failures import ExitCode
from infra.cli.language import say


def status(
    *,
    ready_file: ReadyFile = None,
    database: Annotated[
        str,
        typer.Option("--database", metavar="URL", help=say("A URL of a login with worker_role; else DATABASE_URL.")),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Look once; exit code 1 when something waits for longer than it may."""
    from infra.cli.looking import look

    if not look(ready_file=ready_file, url=database, as_json=as_json):
        raise typer.Exit(ExitCode.FAILED)
