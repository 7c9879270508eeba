"""Every statement on an agent's runs: ask, claim, end. Each is one round trip."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text

from shared.agents.runs import RunningAgent, RunTrigger
from shared.platform.database import Database, TenantSession

_ASK: Final = "SELECT agents.ask_for_run(:organization_id, :agent_id, :run_id, CAST(:data AS jsonb))"
_CLAIM: Final = "SELECT agents.claim_run(:organization_id, :run_id, :execution_id, :lease, :max_attempts)"
_FINISH: Final = text("SELECT agents.finish_run(:organization_id, :run_id, :fence, CAST(:result AS jsonb))")
_RELEASE: Final = (
    "SELECT agents.release_run(:organization_id, :run_id, :fence, :error_code, :max_attempts, CAST(:attempts AS jsonb))"
)


@dataclass(frozen=True, slots=True)
class RunTimes:
    """Seconds: a run ends at `timeout`, its lease is longer, so that nobody else works while it may still write."""

    timeout: float = 110.0
    lease: float = 150.0
    max_attempts: int = 3


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """A run that is this worker's until its lease ends."""

    organization_id: UUID
    run_id: UUID
    execution_id: UUID
    fence: int
    attempt: int
    agent: RunningAgent
    trigger: RunTrigger


@dataclass(frozen=True, slots=True)
class NoRun:
    """Nothing to do now: 'waiting' until `at`, 'failed' after its last try, or 'idle'; and why."""

    kind: Literal["waiting", "failed", "idle"]
    reason: str
    at: datetime | None = None


def ask_for_run(
    database: Database, *, organization_id: UUID, agent_id: UUID, run_id: UUID, data: dict[str, Any]
) -> str:
    """Queues a manual run: 'queued', 'exists' when this id was asked for before, or 'unknown_agent'."""
    [[state]] = database.tenant_once(
        organization_id,
        _ASK,
        organization_id=organization_id,
        agent_id=agent_id,
        run_id=run_id,
        data=json.dumps(data),
    )
    return str(state)


def claim_run(
    database: Database, *, organization_id: UUID, run_id: UUID, execution_id: UUID, times: RunTimes
) -> ClaimedRun | NoRun:
    """Takes the run, or says why not."""
    [[found]] = database.tenant_once(
        organization_id,
        _CLAIM,
        organization_id=organization_id,
        run_id=run_id,
        execution_id=execution_id,
        lease=times.lease,
        max_attempts=times.max_attempts,
    )
    if found["kind"] != "claimed":
        at = found.get("at")
        return NoRun(found["kind"], found["reason"], None if at is None else datetime.fromisoformat(at))
    trigger = found["trigger"]
    return ClaimedRun(
        organization_id=organization_id,
        run_id=run_id,
        execution_id=execution_id,
        fence=found["fence"],
        attempt=found["attempt"],
        agent=_agent(found),
        trigger=RunTrigger(
            type=trigger["type"], data=trigger["data"], due_at=datetime.fromisoformat(trigger["due_at"])
        ),
    )


def _agent(found: dict[str, Any]) -> RunningAgent:
    agent, department, organization = found["agent"], found["department"], found["organization"]
    return RunningAgent(
        id=UUID(agent["id"]),
        type=agent["type"],
        name=agent["name"],
        configuration=agent["configuration"],
        model_configuration=agent["model_configuration"],
        department_id=UUID(department["id"]),
        department_configuration=department["configuration"],
        organization_name=organization["name"],
        locale=organization["locale"],
        timezone=organization["timezone"],
    )


def finish_run(session: TenantSession, claimed: ClaimedRun, result: dict[str, Any]) -> bool:
    """Ends the run within the caller's transaction; False when it is another worker's by now."""
    ended = session.execute(
        _FINISH,
        {
            "organization_id": claimed.organization_id,
            "run_id": claimed.run_id,
            "fence": claimed.fence,
            "result": json.dumps(result),
        },
    )
    return bool(ended.scalar_one())


def release_run(
    database: Database, claimed: ClaimedRun, *, error_code: str, max_attempts: int, attempts: list[dict[str, Any]]
) -> NoRun:
    """Gives a try back that failed: 'waiting' for the next one, 'failed', or 'idle' when it was not this worker's."""
    [[found]] = database.tenant_once(
        claimed.organization_id,
        _RELEASE,
        organization_id=claimed.organization_id,
        run_id=claimed.run_id,
        fence=claimed.fence,
        error_code=error_code,
        max_attempts=max_attempts,
        attempts=json.dumps(attempts),
    )
    match found["state"]:
        case "pending":
            return NoRun("waiting", error_code, datetime.fromisoformat(found["run_at"]))
        case "failed":
            return NoRun("failed", error_code)
        case _:
            return NoRun("idle", "stale")
