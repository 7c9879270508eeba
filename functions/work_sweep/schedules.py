"""The sweep's look at the agents: runs that are due are made, those that wait are woken, those that died are closed."""

import json
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from shared.agents.run_wake_ups import wake_run
from shared.conversations.wake_ups import Wakes
from shared.kit.clock import utc_now
from shared.kit.errors import Unavailable
from shared.platform.database import Database, SystemSession
from shared.platform.logs import get_logger
from shared.tenants.configuration.checking import ConfigurationUnusable, agent_settings
from shared.tenants.configuration.triggers import UnknownTimeZone, next_run

_log = get_logger(__name__)

# Of one sweep: so many schedules of one organization and in all, and so many wake-ups. What is left is the next one's.
PER_ORGANIZATION: Final = 10
IN_ALL: Final = 500
# A run that ended is kept for support; what it did is in the executions for longer.
_KEPT_DAYS: Final = 60
_MAX_ATTEMPTS: Final = 3

_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended('work_sweep agents', 0))")
_DUE: Final = text("SELECT * FROM agents.agents_due(:per_organization, :in_all)")
_BEGIN: Final = text("SELECT agents.begin_runs(CAST(:due AS jsonb))")
_EXPIRE: Final = text("SELECT agents.expire_runs(:max_attempts, :batch)")
_WAKE: Final = text("SELECT organization_id, agent_id, run_id FROM agents.runs_to_wake(:per_organization, :in_all)")
_FORGET: Final = text("SELECT agents.forget_runs(:days, :batch)")


class WaitingRun(NamedTuple):
    """A run that a worker may take now."""

    organization_id: UUID
    agent_id: UUID
    run_id: UUID


def look_after_agents(
    database: Database, *, queue: Wakes, turn_url: str, per_organization: int = PER_ORGANIZATION, in_all: int = IN_ALL
) -> dict[str, Any]:
    """One look; returns counts. Two at once are harmless: a due time is one run, whoever makes it."""
    with database.system() as session:
        if not session.execute(_LOCK).scalar_one():
            return {"skipped": "another sweep is running"}
        expired: dict[str, int] = session.execute(
            _EXPIRE, {"max_attempts": _MAX_ATTEMPTS, "batch": in_all}
        ).scalar_one()
        begun, refused = _begin_due(session, per_organization=per_organization, in_all=in_all)
        rows = session.execute(_WAKE, {"per_organization": per_organization, "in_all": in_all})
        waiting = [WaitingRun(*row) for row in rows]
        session.execute(_FORGET, {"days": _KEPT_DAYS, "batch": in_all})
    if expired["failed"]:
        _log.error("runs of agents ended without a result", runs=expired["failed"])
    woken = sum(_wake(run, queue=queue, turn_url=turn_url) for run in waiting)
    return {"begun": begun, "refused": refused, "timed_out": expired["again"] + expired["failed"], "woken": woken}


def _begin_due(session: SystemSession, *, per_organization: int, in_all: int) -> tuple[int, int]:
    """Makes the runs of agents that are due; how many, and how many agents' settings were refused."""
    now = utc_now()
    rows = session.execute(_DUE, {"per_organization": per_organization, "in_all": in_all}).mappings()
    due = [_next_of(row, now) for row in rows]
    if not due:
        return 0, 0
    for refused in (row for row in due if row["problem"]):
        _log.error("agent's settings refused", **{key: refused[key] for key in ("organization_id", "agent_id")})
    begun: int = session.execute(_BEGIN, {"due": json.dumps(due)}).scalar_one()
    return begun, sum(row["problem"] is not None for row in due)


def _next_of(row: Any, now: datetime) -> dict[str, Any]:
    """The argument of agents.begin_runs: after a time without sweeps one run catches up, for the next is after now."""
    found: dict[str, Any] = {
        "organization_id": str(row["organization_id"]),
        "agent_id": str(row["agent_id"]),
        "due_at": row["due_at"].isoformat(),
        "next_at": None,
        "data": {},
        "problem": None,
    }
    try:
        settings = agent_settings(row["agent_type"], row["configuration"])
        following = next_run(settings.triggers, timezone=row["timezone"], after=now)
    except ConfigurationUnusable as unusable:
        return {**found, "problem": unusable.message}
    except UnknownTimeZone as unknown:
        return {**found, "problem": f"the organization's time zone {unknown} is not one of the tz database"}
    if following is None:
        return {**found, "problem": "configuration.triggers has no schedule, and the agent was due"}
    return {**found, "next_at": following[0].isoformat()}


def _wake(run: WaitingRun, *, queue: Wakes, turn_url: str) -> bool:
    try:
        wake_run(queue, url=turn_url, organization_id=run.organization_id, agent_id=run.agent_id, run_id=run.run_id)
    except Unavailable as away:
        _log.warning("wake-up left to the next sweep", run_id=str(run.run_id), reason=str(away))
        return False
    return True
