"""A task that names a run: an agent that no customer's message woke."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from shared.agents.run_queries import RunTimes
from shared.agents.run_wake_ups import wake_run
from shared.agents.running import execute_run
from shared.agents.runs import RUNS, AgentRun
from shared.conversations.wake_ups import Wakes
from shared.kit.errors import Rejected, Unavailable
from shared.platform.database import Database
from shared.platform.logs import get_logger

_log = get_logger(__name__)


def names_a_run(payload: object) -> bool:
    """Whether a task is one of a run, and not of a conversation."""
    return isinstance(payload, dict) and "run_id" in payload


def execute_run_task(  # noqa: PLR0913 - the function's dependencies, by name
    payload: object,
    *,
    task_name: str | None,
    database: Database,
    queue: Wakes,
    own_url: str,
    times: RunTimes | None = None,
    runs: Mapping[str, AgentRun] = RUNS,
) -> dict[str, Any]:
    """Does the task's run if it is due, asks for its next try, and returns what was done, for the log.

    Raises Rejected for a task that can never be done, Unavailable when the queue must bring it again.
    """
    organization_id, agent_id, run_id = _read(payload)
    report = execute_run(
        database,
        organization_id=organization_id,
        run_id=run_id,
        runs=runs,
        times=times,
    )
    if report.next_at is not None:
        try:
            wake_run(
                queue,
                url=own_url,
                organization_id=organization_id,
                agent_id=agent_id,
                run_id=run_id,
                at=report.next_at,
                reason=f"{report.next_at.isoformat()}|after {task_name}",
            )
        except Unavailable as away:
            _log.warning("wake-up left to the sweep", run_id=str(run_id), reason=str(away))
    done = {"result": report.result, "reason": report.reason}
    _log.info("run of an agent done", organization_id=str(organization_id), run_id=str(run_id), **done)
    return done


def _read(payload: object) -> tuple[UUID, UUID, UUID]:
    ids = payload if isinstance(payload, dict) else {}
    try:
        organization_id, agent_id, run_id = (UUID(str(ids[key])) for key in ("organization_id", "agent_id", "run_id"))
    except (KeyError, ValueError) as wrong:
        raise Rejected("bad_task", "the task needs the uuids organization_id, agent_id and run_id") from wrong
    return organization_id, agent_id, run_id
