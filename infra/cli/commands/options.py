"""Options that several commands share, so that one word means one thing everywhere."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.language import say

AsJson = Annotated[bool, typer.Option("--json", help=say("Print data for programs instead of text."))]
ReadyFile = Annotated[
    Path | None,
    typer.Option(
        "--ready-file",
        help=say("The file that a running `departments up --ready-file` wrote; else the settings of the environment."),
    ),
]
OrganizationName = Annotated[
    str, typer.Option("--organization", metavar="ID|SLUG", help=say("The organization, by its id or its slug."))
]
