"""`departments demo`: one customer's conversation, end to end, with every step shown and checked."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.commands.options import AsJson
from infra.cli.failures import ExitCode
from infra.cli.language import say


def demo(
    *,
    as_json: AsJson = False,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help=say("Keep the data here; else a temporary folder is used."))
    ] = None,
) -> None:
    """Play the conversation; exit code 1 when an expectation does not hold."""
    from infra.cli.demo.play import play_demo

    if not play_demo(as_json=as_json, data_dir=data_dir):
        raise typer.Exit(ExitCode.FAILED)
