"""Agents that run by themselves, and sweeps and workers for them, for the tests of runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from functions.agent_execution.runs import execute_run_task
from functions.work_sweep.schedules import look_after_agents
from shared.agents.run_queries import RunTimes
from shared.agents.runs import RunContext, RunResult
from shared.kit.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.platform.database import TenantSession
    from tests.support.conversations import Scene

URL = "https://run.test/agent_execution"
WEEKLY = {"triggers": [{"type": "scheduled", "cron": "0 6 * * MON"}, {"type": "manual"}]}


@dataclass
class Tasks:
    """A queue that keeps what it is asked for."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        if self.away:
            raise Unavailable("the queue is away")
        self.asked.append({"queue": queue, "url": url, "at": at, "name": name, "payload": payload})


@dataclass
class Worked:
    """A run that notes each try, and each time that its end was written."""

    tries: list[RunContext] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    during: Callable[[RunContext], object] = lambda _: None
    writes: str = "SELECT 1"

    def __call__(self, context: RunContext) -> RunResult:
        self.tries.append(context)
        self.during(context)

        def write(session: TenantSession) -> None:
            session.exec_driver_sql(self.writes)
            self.ended.append(context.run_id)

        return RunResult(summary={"found": len(self.tries)}, write=write)


def add_builder(scene: Scene, configuration: dict[str, Any] | None = None, *, due: str | None = None) -> UUID:
    """An agent of the type faq_builder; `due` is an SQL interval in the past at which its next run was due."""
    agent_id = uuid4()
    scene.execute(
        "INSERT INTO departments.agents (id, organization_id, department_id, agent_type, name, configuration,"
        " model_configuration, next_scheduled_at) VALUES (%s, %s, %s, 'faq_builder', 'FAQ', %s, '{}',"
        " date_trunc('minute', clock_timestamp()) - CAST(%s AS interval))",
        agent_id,
        scene.organization_id,
        scene.tenant.department_id,
        json.dumps(WEEKLY if configuration is None else configuration),
        due,
    )
    return agent_id


def swept(scene: Scene, tasks: Tasks | None = None, **limits: int) -> dict[str, Any]:
    return look_after_agents(scene.worker, queue=tasks or Tasks(), turn_url=URL, **limits)


def work(
    scene: Scene,
    run_id: UUID,
    run: Callable[[RunContext], RunResult],
    *,
    lease: float = 60.0,
    tasks: Tasks | None = None,
) -> dict[str, Any]:
    """Brings the task of a run to the function."""
    ids = {"organization_id": scene.organization_id, "agent_id": scene.tenant.agent_id, "run_id": run_id}
    return execute_run_task(
        {name: str(value) for name, value in ids.items()},
        task_name="turn-now",
        database=scene.application,
        queue=tasks or Tasks(),
        own_url=URL,
        times=RunTimes(lease=lease),
        runs={"faq_builder": run},
    )


def runs_of(scene: Scene, *columns: str) -> list[list[Any]]:
    """The organization's runs, oldest first."""
    return scene.rows(f"SELECT {', '.join(columns)} FROM agents.agent_runs ORDER BY created_at, id")
