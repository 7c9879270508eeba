"""`departments pause` and `departments resume`: the switches of everything automatic."""

from typing import Annotated

import typer

from infra.cli.commands.options import ReadyFile
from infra.cli.language import say

Platform = Annotated[bool, typer.Option("--platform", help=say("Every organization; needs a login of worker_role."))]
Organization = Annotated[
    str | None, typer.Option("--organization", metavar="ID|SLUG", help=say("The organization, or where its agent is."))
]
Agent = Annotated[
    str | None, typer.Option("--agent", metavar="ID|TYPE", help=say("One agent of it, by its id or its type."))
]
Reason = Annotated[str, typer.Option("--reason", help=say("Why, for the audit log."))]


def pause(
    *,
    reason: Reason,
    platform: Platform = False,
    organization: Organization = None,
    agent: Agent = None,
    ready_file: ReadyFile = None,
) -> None:
    """Stop at once what is automatic; people's messages still go out."""
    from infra.cli.switching import turn

    turn(ready_file, platform=platform, organization=organization, agent=agent, paused=True, reason=reason)


def resume(
    *,
    reason: Reason,
    platform: Platform = False,
    organization: Organization = None,
    agent: Agent = None,
    ready_file: ReadyFile = None,
) -> None:
    """Let what waits go on."""
    from infra.cli.switching import turn

    turn(ready_file, platform=platform, organization=organization, agent=agent, paused=False, reason=reason)
