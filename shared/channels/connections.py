"""Connects an organization to its account at a provider: the account is one organization's, the token is encrypted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import text

from shared.channels.access_tokens import token_place
from shared.channels.ownership import Proven, require_usable
from shared.kit.errors import Rejected
from shared.kit.ids import new_id
from shared.platform.database import Database
from shared.platform.database_errors import ConstraintViolated
from shared.platform.keys import Keys

Change = Literal["created", "token_replaced", "reconnected"]

# The seed's two words for a channel.
INTEGRATION_TYPES: Final = {"whatsapp": "whatsapp", "instagram": "instagram", "messenger": "facebook"}

# The lookup and the write are two statements: the token is encrypted for the row, whose id has to be known before.
_FIND: Final = text("""
SELECT id, status FROM integrations.connections
WHERE organization_id = :organization_id AND integration_type = :integration_type AND account_identifier = :account
""")
_CONNECT: Final = text("""
INSERT INTO integrations.connections AS n (
    id, organization_id, integration_type, provider, account_identifier, access_token, token_expires_at,
    token_refreshed_at, business_account_id, business_portfolio_id, configuration)
VALUES (:id, :organization_id, :integration_type, :provider, :account, :access_token, :expires_at,
        clock_timestamp(), :business_account_id, :business_portfolio_id,
        jsonb_build_object('login', CAST(:login AS text), 'name', CAST(:name AS text)))
ON CONFLICT (organization_id, integration_type, account_identifier) DO UPDATE
SET access_token = excluded.access_token, status = 'active', last_error = NULL,
    token_expires_at = excluded.token_expires_at, token_refreshed_at = excluded.token_refreshed_at,
    token_refresh_after = NULL, configuration = n.configuration || excluded.configuration,
    business_account_id = coalesce(excluded.business_account_id, n.business_account_id),
    business_portfolio_id = coalesce(excluded.business_portfolio_id, n.business_portfolio_id)
WHERE n.id = excluded.id
RETURNING id
""")
_TELL: Final = text("""
INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
VALUES (:organization_id, 'connection.' || CAST(:change AS text), 'integration', :id,
        jsonb_build_object('provider', CAST(:provider AS text), 'account', CAST(:account AS text)))
""")
_ONE_OWNER: Final = "connections_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A connection that can receive and send; `change` says what was done to it."""

    connection_id: UUID
    change: Change


def connect_account(  # noqa: PLR0913 - what a connection is made of
    database: Database,
    *,
    keys: Keys,
    organization_id: UUID,
    proven: Proven,
    access_token: str,
    expires_at: datetime | None = None,
) -> Connected:
    """Connect a proven account, or give its connection a new token; a paused or revoked one works again.

    Args:
        database: as the application role.
        keys: encrypt the token with the organization's keyset.
        organization_id: an organization that exists.
        proven: the account, as the provider showed it to this token (shared.channels.ownership).
        access_token: the token with which messages are sent; it is stored encrypted and never logged.
        expires_at: the token's end, None when it has none or nobody knows.

    Raises:
        Rejected: "account_unusable", "token_unusable", or "account_taken" when another organization has the account.
        Unavailable: the database or the key service cannot do it now.
    """
    require_usable(provider=proven.provider, account=proven.account, token=access_token)
    keys.get_organization_encryption_key(organization_id)  # in a transaction of its own, when it is made here
    facts = {
        "organization_id": organization_id,
        "integration_type": INTEGRATION_TYPES[proven.provider],
        "provider": proven.provider,
        "account": proven.account,
        "business_account_id": proven.business_account_id,
        "business_portfolio_id": proven.business_portfolio_id,
        "login": proven.login,
        "name": proven.name,
        "expires_at": expires_at,
    }
    for _ in range(2):  # the second time when somebody else has just connected the same account of this organization
        connected = _connect(database, keys=keys, facts=facts, access_token=access_token)
        if connected is not None:
            return connected
    raise Rejected("account_taken", f"the account {proven.account} is being connected by somebody else")


def connect_whatsapp(
    database: Database, *, keys: Keys, organization_id: UUID, phone_number_id: str, access_token: str
) -> Connected:
    """Connect a WhatsApp number whose owner is known without asking Meta, as a local stack's own. See connect_account.

    Args:
        database: as the application role.
        keys: encrypt the token with the organization's keyset.
        organization_id: an organization that exists.
        phone_number_id: Meta's id of the number, digits only.
        access_token: as for connect_account.
    """
    vouched = Proven(provider="whatsapp", account=phone_number_id, name="", login="facebook")
    return connect_account(
        database, keys=keys, organization_id=organization_id, proven=vouched, access_token=access_token
    )


def _connect(database: Database, *, keys: Keys, facts: dict[str, Any], access_token: str) -> Connected | None:
    organization_id: UUID = facts["organization_id"]
    wanted = {name: facts[name] for name in ("organization_id", "integration_type", "account")}
    with database.tenant(organization_id) as session:
        found = session.execute(_FIND, wanted).one_or_none()
    connection_id: UUID = found.id if found is not None else new_id()
    sealed = keys.encrypt_sensitive_data(
        access_token, organization_id=organization_id, place=token_place(connection_id)
    )
    change = _change(None if found is None else found.status)
    try:
        with database.tenant(organization_id) as session:
            written = session.execute(_CONNECT, {**facts, "id": connection_id, "access_token": sealed}).first()
            if written is not None:
                told = {name: facts[name] for name in ("organization_id", "provider", "account")}
                session.execute(_TELL, {**told, "id": connection_id, "change": change})
    except ConstraintViolated as violated:
        if violated.constraint == _ONE_OWNER:
            taken = f"the account {facts['account']} is connected to another organization, which has to revoke it first"
            raise Rejected("account_taken", taken) from None
        raise
    return None if written is None else Connected(connection_id=connection_id, change=change)


def _change(status: str | None) -> Change:
    if status is None:
        return "created"
    return "reconnected" if status == "revoked" else "token_replaced"
