"""The switches that stop everything automatic at once: of the platform, an organization, a department or an agent.

A switch is read in the statement that marks a message as being sent, so what was decided before it and has not left
stays here. Intake goes on, and so does what people write. What waits goes on after the switch, unless it is too old.
"""

from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text

from shared.kit.errors import Rejected
from shared.platform.database import Database, SystemSession, TenantSession

Scope = Literal["organization", "department", "agent"]
REASON_LIMIT: Final = 2000

_PLATFORM: Final = text("""
    UPDATE platform.switches SET paused_at = CASE WHEN :paused THEN coalesce(paused_at, clock_timestamp()) END,
        reason = CASE WHEN :paused THEN CAST(:reason AS text) END
    WHERE name = 'ai' AND (paused_at IS NOT NULL) IS DISTINCT FROM :paused
    RETURNING name""")
_ORGANIZATION: Final = text("""
    UPDATE platform.organizations SET ai_paused_at = CASE WHEN :paused THEN clock_timestamp() END,
        ai_paused_reason = CASE WHEN :paused THEN CAST(:reason AS text) END
    WHERE id = :id AND (ai_paused_at IS NOT NULL) IS DISTINCT FROM :paused
    RETURNING id""")
_DEPARTMENT: Final = text("""
    UPDATE departments.departments SET status = CASE WHEN :paused THEN 'paused' ELSE 'active' END,
        status_reason = CASE WHEN :paused THEN CAST(:reason AS text) END
    WHERE id = :id AND status = CASE WHEN :paused THEN 'active' ELSE 'paused' END
    RETURNING id""")
_AGENT: Final = text("""
    UPDATE departments.agents SET status = CASE WHEN :paused THEN 'paused' ELSE 'active' END,
        status_reason = CASE WHEN :paused THEN CAST(:reason AS text) END
    WHERE id = :id AND (CASE WHEN :paused THEN status <> 'paused' ELSE status IN ('paused', 'training') END)
    RETURNING id""")
_STATEMENTS: Final = {"organization": _ORGANIZATION, "department": _DEPARTMENT, "agent": _AGENT}
_AUDIT: Final = text("""
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
    VALUES (CAST(:organization_id AS uuid), :action, :scope, CAST(:id AS uuid),
            jsonb_build_object('reason', CAST(:reason AS text)))""")


def switch_platform(worker: Database, *, paused: bool, reason: str) -> bool:
    """Stops, or lets go on, everything automatic of every organization; False when it was so before.

    Args:
        worker: as the worker role; no organization may do this.
        paused: what it shall be.
        reason: why, for the audit log; 1 to 2000 characters.

    Raises:
        Rejected: "reason_missing".
    """
    _require(reason)
    with worker.system() as session:
        changed = session.execute(_PLATFORM, {"paused": paused, "reason": reason}).first() is not None
        if changed:
            _note(session, None, "platform", None, paused=paused, reason=reason)
    return changed


def switch(  # noqa: PLR0913 - what is switched, and why
    database: Database, organization_id: UUID, scope: Scope, scope_id: UUID, *, paused: bool, reason: str
) -> bool:
    """Stops an organization, a department or an agent, or lets it go on; False when it was so before.

    An agent whose settings were refused does not go on by this: its settings have to be put right.

    Raises:
        Rejected: "reason_missing".
    """
    _require(reason)
    with database.tenant(organization_id) as session:
        values = {"id": scope_id, "paused": paused, "reason": reason}
        changed = session.execute(_STATEMENTS[scope], values).first() is not None
        if changed:
            _note(session, organization_id, scope, scope_id, paused=paused, reason=reason)
    return changed


def _require(reason: str) -> None:
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        raise Rejected("reason_missing", f"a switch is turned for a reason, of 1 to {REASON_LIMIT} characters")


def _note(  # noqa: PLR0913 - the row's columns
    session: TenantSession | SystemSession,
    organization_id: UUID | None,
    scope: str,
    scope_id: UUID | None,
    *,
    paused: bool,
    reason: str,
) -> None:
    session.execute(
        _AUDIT,
        {
            "organization_id": organization_id,
            "action": "ai.paused" if paused else "ai.resumed",
            "scope": scope,
            "id": scope_id,
            "reason": reason,
        },
    )
