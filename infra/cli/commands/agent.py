"""`departments agent`: the agents of an organization, their settings and their runs."""

from typing import Annotated

import typer

from infra.cli.commands.options import AsJson, OrganizationName, ReadyFile
from infra.cli.language import say

app = typer.Typer(no_args_is_help=True, help=say("The agents of an organization: settings, schedules, runs."))

AgentName = Annotated[str, typer.Argument(metavar="ID|TYPE", help=say("The agent, by its id or its type."))]
Changes = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=JSON", help=say("A setting; model.KEY for one of its models; null for the default.")
    ),
]


@app.command("list", help=say("Show the agents, what is wrong with them, and when they ran and run."))
def list_(*, organization: OrganizationName, ready_file: ReadyFile = None, as_json: AsJson = False) -> None:
    """Print them."""
    from infra.cli.agents import show_agents

    show_agents(ready_file, organization, as_json=as_json)


@app.command("configure", help=say("Change settings of an agent, checked by the schema of its type."))
def configure(
    agent: AgentName, *, organization: OrganizationName, changes: Changes, ready_file: ReadyFile = None
) -> None:
    """Print the next run."""
    from infra.cli.agents import change_agent

    change_agent(ready_file, organization, agent, changes)


@app.command("run", help=say("Ask for a run of an agent now; the next sweep wakes it."))
def run(agent: AgentName, *, organization: OrganizationName, ready_file: ReadyFile = None) -> None:
    """Print the run's id."""
    from infra.cli.agents import run_agent

    run_agent(ready_file, organization, agent)


@app.command("schema", help=say("Print the JSON schema of an agent type's settings."))
def schema(agent_type: Annotated[str, typer.Argument(metavar="TYPE", help=say("For example faq_builder."))]) -> None:
    """Print it alone on standard output."""
    from infra.cli.agents import print_schema

    print_schema(agent_type)
