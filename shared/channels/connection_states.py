"""How an organization's connections are, and what changes them besides a new token: an examination, and an end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text

from shared.channels.ownership import PROVIDERS, Examination
from shared.kit.errors import Rejected
from shared.platform.database import Database

_DESCRIBED: Final = ("business_account_id", "business_portfolio_id", "login", "name")
_COLUMNS: Final = """
SELECT n.id, n.provider, n.account_identifier, n.status,
       n.configuration ->> 'name' AS name, n.configuration ->> 'login' AS login,
       n.business_account_id, n.business_portfolio_id, n.attention_reason, n.attention_since, n.last_error,
       n.last_webhook_at, n.last_send_at, n.token_expires_at, n.token_refreshed_at, n.access_token,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'reason', a.reason, 'detail', a.detail,
                                                     'raised_at', a.raised_at) ORDER BY a.raised_at), '[]')
        FROM integrations.connection_alerts a
        WHERE a.organization_id = n.organization_id AND a.connection_id = n.id AND a.cleared_at IS NULL) AS alerts
FROM integrations.connections n
WHERE n.organization_id = :organization_id AND n.provider = ANY (:providers)
"""
_LIST: Final = text(f"{_COLUMNS} ORDER BY n.provider, n.created_at, n.id")
_ONE: Final = text(f"{_COLUMNS} AND (n.id::text = :name OR n.account_identifier = :name)")
_RECOVER: Final = text("""
UPDATE integrations.connections
SET status = 'active', last_error = NULL,
    business_account_id = coalesce(:business_account_id, business_account_id),
    business_portfolio_id = coalesce(:business_portfolio_id, business_portfolio_id),
    configuration = configuration || jsonb_build_object('login', CAST(:login AS text), 'name', CAST(:name AS text))
WHERE organization_id = :organization_id AND id = :id AND status <> 'revoked' AND access_token = :access_token
""")
_PAUSE: Final = text("""
UPDATE integrations.connections
SET status = :status, attention_reason = :reason, last_error = :detail
WHERE organization_id = :organization_id AND id = :id AND status = 'active' AND access_token = :access_token
RETURNING id
""")
_REVOKE: Final = text("""
UPDATE integrations.connections
SET status = 'revoked', access_token = NULL, refresh_token = NULL, token_expires_at = NULL, last_error = NULL
WHERE organization_id = :organization_id AND id = :id AND status <> 'revoked'
RETURNING id
""")
# A look at the account says nothing about its templates: their own good news end those warnings.
_SETTLE_WARNINGS: Final = text("""
UPDATE integrations.connection_alerts SET cleared_at = clock_timestamp()
WHERE organization_id = :organization_id AND connection_id = :id AND kind = 'provider_warning' AND cleared_at IS NULL
  AND NOT starts_with(reason, 'message_template')
""")
_TELL: Final = text("""
INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
VALUES (:organization_id, :action, 'integration', :id, :success, :detail,
        jsonb_strip_nulls(jsonb_build_object('status', CAST(:status AS text), 'reason', CAST(:reason AS text))))
""")


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """A connection as a person sees it. `alerts`: what its owner was told and is not over.

    An alert has kind, reason, detail and raised_at (see integrations.connection_alerts).
    `last_webhook_at` and `last_send_at` are up to some minutes old. `sealed_token` is encrypted, and None once revoked.
    """

    connection_id: UUID
    provider: Literal["whatsapp", "instagram", "messenger"]
    account: str
    status: str
    name: str
    login: str | None
    business_account_id: str | None
    business_portfolio_id: str | None
    attention_reason: str | None
    attention_since: datetime | None
    last_error: str | None
    last_webhook_at: datetime | None
    last_send_at: datetime | None
    token_expires_at: datetime | None
    token_refreshed_at: datetime | None
    sealed_token: str | None
    alerts: list[dict[str, Any]]


def list_connections(database: Database, organization_id: UUID) -> list[ConnectionState]:
    """The organization's channels, revoked ones too."""
    with database.tenant(organization_id) as session:
        rows = session.execute(_LIST, {"organization_id": organization_id, "providers": list(PROVIDERS)}).all()
    return [_state(row) for row in rows]


def find_connection(database: Database, organization_id: UUID, name: str) -> ConnectionState:
    """The connection with this id, or of this account. Raises Rejected "connection_unknown"."""
    with database.tenant(organization_id) as session:
        rows = session.execute(
            _ONE, {"organization_id": organization_id, "providers": list(PROVIDERS), "name": name}
        ).all()
    if len(rows) != 1:
        raise Rejected("connection_unknown", f"the organization has {len(rows)} connections named {name!r}")
    return _state(rows[0])


def apply_examination(
    database: Database, organization_id: UUID, connection: ConnectionState, examination: Examination
) -> Literal["recovered", "paused"] | None:
    """Let an examination decide: a paused connection that passed works again, an active one that failed is paused.

    One that passed in everything also ends the provider's warnings about the account. Webhooks that are not subscribed
    pause nothing, because what is sent arrives. Nothing happens to a connection that
    got another token meanwhile. Returns the change.
    """
    failed = {check.name: check for check in examination.checks if check.outcome == "failed"}
    facts = {
        "organization_id": organization_id, "id": connection.connection_id, "access_token": connection.sealed_token,
    }  # fmt: skip
    if connection.status == "revoked":
        return None
    proven = examination.proven
    with database.tenant(organization_id) as session:
        if proven is not None and "sending" not in failed:
            described = {name: getattr(proven, name) for name in _DESCRIBED}
            session.execute(_RECOVER, {**facts, **described})
            if examination.passed:
                session.execute(_SETTLE_WARNINGS, {name: facts[name] for name in ("organization_id", "id")})
            if connection.status == "active":
                return None
            told = _told(facts, "connection.recovered", status="active", reason=connection.attention_reason)
            session.execute(_TELL, told)
            return "recovered"
        cause = next(failed[name] for name in ("token", "ownership", "sending") if name in failed)
        status = "error" if cause.name == "sending" else "expired"
        reason = {"token": "token_refused", "ownership": "account_not_owned", "sending": "sending_blocked"}[cause.name]
        pause = {**facts, "status": status, "reason": reason, "detail": cause.detail}
        if session.execute(_PAUSE, pause).first() is None:
            return None
        session.execute(
            _TELL, _told(facts, "connection.needs_attention", status=status, reason=reason, detail=cause.detail)
        )
        return "paused"


def revoke_connection(database: Database, organization_id: UUID, connection: ConnectionState) -> bool:
    """End it: its token is erased, its account is free for another organization, what waits goes to people.

    Returns whether it was not ended before.
    """
    facts = {"organization_id": organization_id, "id": connection.connection_id}
    with database.tenant(organization_id) as session:
        if session.execute(_REVOKE, facts).first() is None:
            return False
        session.execute(_TELL, _told(facts, "connection.revoked", status="revoked"))
    return True


def _told(facts: dict[str, Any], action: str, **said: str | None) -> dict[str, Any]:
    return {
        "organization_id": facts["organization_id"],
        "id": facts["id"],
        "action": action,
        "success": action != "connection.needs_attention",
        "status": said.get("status"),
        "reason": said.get("reason"),
        "detail": said.get("detail"),
    }


def _state(row: Any) -> ConnectionState:
    return ConnectionState(
        row.id, row.provider, row.account_identifier, row.status, row.name or "", row.login, row.business_account_id,
        row.business_portfolio_id, row.attention_reason, row.attention_since, row.last_error, row.last_webhook_at,
        row.last_send_at, row.token_expires_at, row.token_refreshed_at, row.access_token, row.alerts,
    )  # fmt: skip
