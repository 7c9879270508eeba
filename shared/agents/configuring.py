"""Changes an agent's settings after they were checked, and says when it runs next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared.agents.runs import RUNS
from shared.kit.clock import utc_now
from shared.kit.errors import Rejected
from shared.platform.database import Database
from shared.tenants.configuration.checking import ConfigurationUnusable, agent_settings, check_agent
from shared.tenants.configuration.triggers import UnknownTimeZone, next_run

_LIST: Final = """
    SELECT a.id, a.agent_type, a.name, a.status, a.status_reason, a.configuration, a.model_configuration,
           a.next_scheduled_at, d.type AS department, d.status AS department_status, x.last_execution_at,
           x.execution_count, x.success_count, x.avg_execution_time_ms
    FROM departments.agents a
    JOIN departments.departments d ON d.organization_id = a.organization_id AND d.id = a.department_id
    JOIN departments.agent_activity x ON x.organization_id = a.organization_id AND x.agent_id = a.id
    WHERE a.organization_id = :organization_id
    ORDER BY a.created_at, a.id"""
_LOCK: Final = text("""
    SELECT a.id, a.agent_type, a.configuration, a.model_configuration, g.timezone
    FROM departments.agents a JOIN platform.organizations g ON g.id = a.organization_id
    WHERE a.organization_id = :organization_id AND a.id = :agent_id FOR NO KEY UPDATE OF a""")
_CHANGE: Final = text("""
    UPDATE departments.agents
    SET configuration = CAST(:configuration AS jsonb), model_configuration = CAST(:models AS jsonb),
        next_scheduled_at = :next_at, status = CASE status WHEN 'error' THEN 'active' ELSE status END,
        status_reason = CASE status WHEN 'error' THEN NULL ELSE status_reason END
    WHERE organization_id = :organization_id AND id = :agent_id""")
_AUDIT: Final = text("""
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, old_values, new_values)
    VALUES (:organization_id, 'agent.configured', 'agent', :agent_id, CAST(:old AS jsonb), CAST(:new AS jsonb))""")


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent as people see it; `problems` says in English what its settings lack."""

    id: UUID
    agent_type: str
    name: str
    status: str
    status_reason: str | None
    configuration: dict[str, Any]
    model_configuration: dict[str, Any]
    next_scheduled_at: datetime | None
    department: str
    department_status: str
    last_execution_at: datetime | None
    execution_count: int
    success_count: int
    avg_execution_time_ms: int | None

    @property
    def problems(self) -> list[str]:
        """What is wrong with its settings."""
        return [str(one) for one in check_agent(self.agent_type, self.configuration, self.model_configuration)]


def list_agents(database: Database, organization_id: UUID) -> list[AgentView]:
    """The organization's agents, oldest first."""
    rows = database.tenant_once(organization_id, _LIST, organization_id=organization_id)
    return [AgentView(*tuple(row)) for row in rows]


def find_agent(database: Database, organization_id: UUID, name: str) -> AgentView:
    """The agent of this id, or the only one of this type. Raises Rejected "agent_unknown"."""
    found = [agent for agent in list_agents(database, organization_id) if name in {str(agent.id), agent.agent_type}]
    if len(found) != 1:
        raise Rejected("agent_unknown", f"{len(found)} agents have the id or the type {name!r}")
    return found[0]


def configure_agent(
    database: Database,
    organization_id: UUID,
    agent_id: UUID,
    *,
    configuration: Mapping[str, Any],
    models: Mapping[str, Any],
) -> datetime | None:
    """Changes these keys; None takes a key back to its default. Returns the next run.

    An agent that was an error works again.

    Raises:
        ConfigurationUnusable: with every problem; nothing is changed.
        Rejected: "agent_unknown", or "agent_without_run" for a trigger of a type that does nothing by itself.
    """
    with database.tenant(organization_id) as session:
        ids = {"organization_id": organization_id, "agent_id": agent_id}
        row = session.execute(_LOCK, ids).mappings().first()
        if row is None:
            raise Rejected("agent_unknown", f"there is no agent {agent_id}")
        settings = _merged(row["configuration"], configuration)
        model_settings = _merged(row["model_configuration"], models)
        next_at = _checked(row["agent_type"], settings, model_settings, timezone=row["timezone"])
        values = {"configuration": json.dumps(settings), "models": json.dumps(model_settings), "next_at": next_at}
        session.execute(_CHANGE, {**ids, **values})
        old = {"configuration": row["configuration"], "model_configuration": row["model_configuration"]}
        new = {"configuration": settings, "model_configuration": model_settings}
        session.execute(_AUDIT, {**ids, "old": json.dumps(old), "new": json.dumps(new)})
    return next_at


def _merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


def _checked(
    agent_type: str, settings: Mapping[str, Any], models: Mapping[str, Any], *, timezone: str
) -> datetime | None:
    if problems := check_agent(agent_type, settings, models):
        raise ConfigurationUnusable(problems)
    triggers = agent_settings(agent_type, settings).triggers
    if agent_type not in RUNS and any(trigger.type != "webhook" for trigger in triggers):
        raise Rejected("agent_without_run", f"agents of the type {agent_type!r} take the trigger webhook alone")
    try:
        following = next_run(triggers, timezone=timezone, after=utc_now())
    except UnknownTimeZone as unknown:
        raise Rejected("value_unusable", f"the time zone {timezone!r} is not one of the tz database") from unknown
    return None if following is None else following[0]
