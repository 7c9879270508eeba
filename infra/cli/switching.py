"""What `departments pause` and `departments resume` do."""

from pathlib import Path

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.naming import find_organization
from infra.cli.refusals import refused
from infra.cli.screen import output
from shared.agents.configuring import find_agent
from shared.agents.switches import switch, switch_platform


def turn(  # noqa: PLR0913 - the options of one command
    ready_file: Path | None,
    *,
    platform: bool,
    organization: str | None,
    agent: str | None,
    paused: bool,
    reason: str,
) -> None:
    """Turn the switch that the options name, and say whether it was so before."""
    if platform == (organization is not None) or (platform and agent is not None):
        raise refused("switch_choice")
    installation = Installation.named(ready_file)
    with explained(organization=organization, agent=agent):
        if organization is None:
            with installation.worker() as worker:
                changed = switch_platform(worker, paused=paused, reason=reason)
        else:
            with installation.application() as database:
                organization_id = find_organization(installation, database, organization)
                if agent is None:
                    changed = switch(
                        database, organization_id, "organization", organization_id, paused=paused, reason=reason
                    )
                else:
                    found = find_agent(database, organization_id, agent)
                    changed = switch(database, organization_id, "agent", found.id, paused=paused, reason=reason)
    if not changed:
        told = say("Nothing changed: it was so already")
    elif paused:
        told = say("Paused: nothing automatic is sent; people's messages go out")
    else:
        told = say("Resumed: what waits goes on within two minutes")
    output().print(told, markup=False, highlight=False)
