"""`departments migrate`: brings a database to the schema of this version."""

from typing import Annotated

import typer

from infra.cli.commands.options import AsJson, ReadyFile
from infra.cli.failures import explained
from infra.cli.language import say


def migrate(
    *,
    database: Annotated[
        str,
        typer.Option(
            "--database", metavar="URL", envvar="DATABASE_URL", help=say("An owner's URL; else the Cloud SQL settings.")
        ),
    ] = "",
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Apply what is missing, in order, under a lock, and print what was applied."""
    from infra.cli.migrating import migrate_database

    with explained():
        migrate_database(url=database, ready_file=ready_file, as_json=as_json)
