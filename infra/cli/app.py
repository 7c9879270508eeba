"""The `departments` command: its commands, and how each end becomes an exit code."""

import sys
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from infra.cli.commands import (
    agent,
    connection,
    demo,
    faq,
    handoff,
    knowledge,
    migrate,
    organization,
    replay,
    status,
    switches,
    up,
)
from infra.cli.failures import CommandFailed, ExitCode
from infra.cli.language import say
from infra.cli.screen import print_error, print_failure

app = typer.Typer(
    name="departments",
    help=say("Run, feed and look after an AI Departments installation."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo", help=say("Play a customer's conversation on a system of its own and check every step."))(demo.demo)
app.command("up", help=say("Run the whole system on this machine until it is interrupted."))(up.up)
app.command("migrate", help=say("Create what is missing in a database; safe to repeat."))(migrate.migrate)
app.command("status", help=say("Show what is stored, waiting or stuck."))(status.status)
app.command("replay", help=say("Deliver webhooks again: from files, or the quarantined ones of a database."))(
    replay.replay
)
app.command("pause", help=say("Stop at once what is automatic; people's messages still go out."))(switches.pause)
app.command("resume", help=say("Let what waits go on after a pause."))(switches.resume)
app.add_typer(organization.app, name="organization")
app.add_typer(agent.app, name="agent")
app.add_typer(connection.app, name="connection")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(handoff.app, name="handoff")
app.add_typer(faq.app, name="faq")


@app.callback()
def choose(
    *,
    lang: Annotated[  # read before parsing (infra.cli.language); here for the help and the check
        str, typer.Option("--lang", help=say("Language of the output: en or pt."), show_default="LC_ALL, LANG")
    ] = "",
) -> None:
    """Take the options that come before the command."""
    if lang not in {"", "en", "pt"}:
        raise typer.BadParameter(say("{lang!r} is not a language of this command; use en or pt", lang=lang))


def main() -> int:
    """Run the command and return its exit code."""
    try:
        outcome = app(standalone_mode=False, prog_name="departments")
    except CommandFailed as failure:
        print_failure(failure)
        return failure.exit_code
    except TyperException as usage:
        if usage.__class__.__name__ == "NoArgsIsHelpError":  # the help was printed and is what was asked for
            return ExitCode.USAGE
        print_error(usage.format_message(), code="usage", next_step=_help_of(usage))
        return ExitCode.USAGE
    except (Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    return outcome if isinstance(outcome, int) else ExitCode.OK


def _help_of(usage: TyperException) -> str:
    context = getattr(usage, "ctx", None)
    return f"{context.command_path if context else 'departments'} --help"


if __name__ == "__main__":
    sys.exit(main())
