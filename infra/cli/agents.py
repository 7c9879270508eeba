"""What `departments agent` does."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.table import Table

from infra.cli.failures import CommandFailed, ExitCode, explained
from infra.cli.installation import Installation
from infra.cli.language import language, say
from infra.cli.naming import find_organization
from infra.cli.refusals import refused
from infra.cli.screen import output, print_json
from shared.agents.configuring import configure_agent, find_agent, list_agents
from shared.agents.run_queries import ask_for_run
from shared.agents.runs import RUNS
from shared.kit.ids import new_id
from shared.platform.database import Database
from shared.tenants.configuration.agents import AGENT_TYPES
from shared.tenants.configuration.checking import ConfigurationUnusable, Problem


def show_agents(ready_file: Path | None, organization: str, *, as_json: bool) -> None:
    """Print the organization's agents."""
    with _opened(ready_file, organization) as (database, organization_id):
        agents = list_agents(database, organization_id)
    if as_json:
        print_json({"agents": [{**asdict(agent), "problems": agent.problems} for agent in agents]})
        return
    table = Table(title=say("Agents"), title_justify="left")
    headings = (say("agent"), say("department"), say("state"), say("last run"), say("next run"), say("runs"))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for agent in agents:
        last, following = (_moment(at) for at in (agent.last_execution_at, agent.next_scheduled_at))
        counts = f"{agent.success_count}/{agent.execution_count}"
        state = "error" if agent.problems else agent.status
        table.add_row(
            agent.agent_type, f"{agent.department} ({agent.department_status})", state, last, following, counts
        )
    output().print(table)
    for agent in agents:
        for problem in agent.problems:
            output().print(f"{agent.agent_type}: {problem}", markup=False, highlight=False, soft_wrap=True)


def change_agent(ready_file: Path | None, organization: str, name: str, changes: Sequence[str]) -> None:
    """Change settings, and print when the agent runs next."""
    configuration: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise refused("setting_unusable", setting=change)
        target, key = (models, key.removeprefix("model.")) if key.startswith("model.") else (configuration, key)
        try:
            target[key] = json.loads(value)
        except ValueError:
            target[key] = value  # a text needs no quotes
    with _opened(ready_file, organization, agent=name) as (database, organization_id):
        agent = find_agent(database, organization_id, name)
        try:
            next_at = configure_agent(database, organization_id, agent.id, configuration=configuration, models=models)
        except ConfigurationUnusable as unusable:
            problems = "; ".join(map(_sentence, unusable.problems))
            raise CommandFailed(ExitCode.REFUSED, problems, code=unusable.code) from unusable
    told = say("Changed; the next run is {moment}", moment=_moment(next_at)) if next_at else say("Changed")
    output().print(told, markup=False, highlight=False)


def run_agent(ready_file: Path | None, organization: str, name: str) -> None:
    """Ask for a run, and print its id."""
    run_id = new_id()
    with _opened(ready_file, organization, agent=name) as (database, organization_id):
        agent = find_agent(database, organization_id, name)
        if agent.agent_type not in RUNS:
            raise refused("agent_without_run", reason=agent.agent_type)
        ask_for_run(database, organization_id=organization_id, agent_id=agent.id, run_id=run_id, data={})
    output().print(say("Asked for the run {run}", run=run_id), markup=False, highlight=False)


def print_schema(agent_type: str) -> None:
    """Print a type's JSON schema."""
    if agent_type not in AGENT_TYPES:
        raise refused("agent_unknown", agent=agent_type, organization="…")
    print_json(AGENT_TYPES[agent_type].model_json_schema())


@contextmanager
def _opened(ready_file: Path | None, organization: str, **named: object) -> Iterator[tuple[Database, UUID]]:
    installation = Installation.named(ready_file)
    with explained(organization=organization, **named), installation.application() as database:
        yield database, find_organization(installation, database, organization)


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _sentence(problem: Problem) -> str:
    takes = problem.takes_pt if language() == "pt" else problem.takes
    known = {"key": problem.key, "value": problem.value, "takes": takes, "nearest": problem.nearest}
    if problem.kind in {"unknown_key", "unknown_type"} and problem.nearest:
        return say("{key} is not known; did you mean {nearest}?", **known)
    if problem.kind in {"unknown_key", "unknown_type"}:
        return say("{key} is not known; there are: {takes}", **known)
    if problem.kind == "missing":
        return say("{key} is missing; it takes {takes}", **known)
    return say("{key} is {value}; it takes {takes}", **known)
