"""`departments up`: the whole system on this machine, behind one port, until it is interrupted."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.language import say
from infra.cli.screen import progress


def up(  # noqa: PLR0913 - the options of a command
    *,
    data_dir: Annotated[
        Path, typer.Option("--data-dir", help=say("Folder for everything that lasts; made when it is missing."))
    ] = Path(".departments"),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help=say("Port of the gateway; 0 takes a free one."))
    ] = 8080,
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", help=say("Write addresses and demo data here, as JSON, once ready."))
    ] = None,
    postgres: Annotated[
        int, typer.Option("--postgres", help=say("Version of the embedded PostgreSQL: 18 or 16."))
    ] = 18,
    model: Annotated[
        str | None,
        typer.Option("--model", help=say("Model of the demo's agent: sandbox, or a name such as openai:gpt-4o.")),
    ] = None,
    until_input_ends: Annotated[bool, typer.Option("--until-input-ends", hidden=True)] = False,
) -> None:
    """Start the stack, say where it is, and stop it cleanly on SIGINT or SIGTERM."""
    from infra.cli.serving import serve
    from infra.local.stack import StackOptions

    options = StackOptions(
        data_dir=data_dir,
        port=port,
        ready_file=ready_file,
        postgres_version=postgres,
        demo_model="compatible:sandbox" if model == "sandbox" else model,
        say=_say_step,
    )
    raise typer.Exit(serve(options, until_input_ends=until_input_ends))


def _say_step(step: str) -> None:
    progress().print(f"[dim]… {step}[/]", highlight=False)
