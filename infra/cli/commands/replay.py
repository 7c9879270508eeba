"""`departments replay`: webhooks once more, signed as the provider does."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from infra.cli.commands.options import AsJson, ReadyFile
from infra.cli.failures import ExitCode
from infra.cli.language import say
from infra.cli.refusals import refused

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


def replay(  # noqa: PLR0913 - options of one command
    *,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help=say("Payload files, posted byte for byte."))
    ] = None,
    provider: Annotated[
        Literal["whatsapp", "instagram", "messenger", "meta"] | None,
        typer.Option(
            "--provider",
            help=say("Whose webhooks the files are, if not as their object says; meta: by the path for all of them."),
        ),
    ] = None,
    url: Annotated[
        str, typer.Option("--url", help=say("The webhook's address; of a local stack it is known from --ready-file."))
    ] = "",
    quarantined: Annotated[
        bool, typer.Option("--quarantined", help=say("Deliver what the database holds in quarantine."))
    ] = False,
    delivery: Annotated[
        list[str] | None, typer.Option("--delivery", metavar="ID", help=say("Only this delivery; may be repeated."))
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=_FORMATS, help=say("Only received at or after this (UTC)."))
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=_FORMATS, help=say("Only received before this (UTC)."))
    ] = None,
    organization: Annotated[
        str, typer.Option("--organization", metavar="ID|SLUG", help=say("Only for accounts of this organization."))
    ] = "",
    listing: Annotated[bool, typer.Option("--list", help=say("List what would be delivered, and stop."))] = False,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Deliver again. Safe to repeat: what was taken in before is recognized and changes nothing.

    The secret is the first of META_APP_SECRETS, for Instagram of INSTAGRAM_APP_SECRETS if there are any, or that of the
    local stack; it is never an argument.
    """
    from infra.cli.installation import Installation
    from infra.cli.replay_target import Target, target_of
    from infra.cli.replaying import replay_files, replay_quarantine
    from shared.channels.quarantine import Selection

    selective = bool(delivery or since or until or organization or listing)
    if bool(files) == (quarantined or selective):
        raise refused("replay_what")
    installation = Installation.named(ready_file)
    target: Target | None = None if listing else target_of(installation, url=url)
    if files:
        done = replay_files(files, provider=provider, target=target, as_json=as_json)
    else:
        done = replay_quarantine(
            installation,
            selection=Selection(since=since, until=until),
            delivery_ids=delivery or [],
            organization=organization,
            target=target,
            as_json=as_json,
        )
    if not done:
        raise typer.Exit(ExitCode.FAILED)
