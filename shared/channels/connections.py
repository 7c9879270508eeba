"""Connects an organization to its account at a provider: the account is one organization's, the token is encrypted."""

import re
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text

from shared.channels.access_tokens import token_place
from shared.kit.errors import Rejected
from shared.kit.ids import new_id
from shared.platform.database import Database
from shared.platform.database_errors import ConstraintViolated
from shared.platform.keys import Keys

TOKEN_LIMIT: Final = 4096  # characters; Meta's are about 200
_PHONE_NUMBER_ID: Final = re.compile(r"[0-9]{5,32}")  # Meta's ids are decimal numbers, 15 or 16 digits today
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")  # what a header can carry

# The lookup and the write are two statements: the token is encrypted for the row, whose id has to be known before.
_FIND: Final = text("""
SELECT id, status FROM integrations.connections
WHERE organization_id = :organization_id AND integration_type = 'whatsapp' AND account_identifier = :account
""")
_CONNECT: Final = text("""
INSERT INTO integrations.connections (id, organization_id, integration_type, provider, account_identifier, access_token)
VALUES (:id, :organization_id, 'whatsapp', 'whatsapp', :account, :access_token)
ON CONFLICT (organization_id, integration_type, account_identifier) DO UPDATE
SET access_token = excluded.access_token, status = 'active', last_error = NULL, token_expires_at = NULL
WHERE connections.id = excluded.id
RETURNING id
""")
_ONE_OWNER: Final = "connections_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A connection that can receive and send; `change` says what was done to it."""

    connection_id: UUID
    change: Literal["created", "token_replaced", "reconnected"]


def connect_whatsapp(
    database: Database, *, keys: Keys, organization_id: UUID, phone_number_id: str, access_token: str
) -> Connected:
    """Connect a WhatsApp number, or give its connection a new token; a revoked one works again.

    Args:
        database: as the application role.
        keys: encrypt the token with the organization's keyset.
        organization_id: an organization that exists.
        phone_number_id: Meta's id of the number, digits only.
        access_token: the token with which messages are sent; it is stored encrypted and never logged.

    Raises:
        Rejected: "account_unusable", "token_unusable", or "account_taken" when another organization has the account.
        Unavailable: the database or the key service cannot do it now.
    """
    if not _PHONE_NUMBER_ID.fullmatch(phone_number_id):
        raise Rejected("account_unusable", f"{phone_number_id!r} is not a phone number id: Meta's are digits only")
    if not _TOKEN.fullmatch(access_token) or len(access_token) > TOKEN_LIMIT:
        raise Rejected("token_unusable", f"an access token is 1 to {TOKEN_LIMIT} printable characters without spaces")
    keys.get_organization_encryption_key(organization_id)  # in a transaction of its own, when it is made here
    for _ in range(2):  # the second time when somebody else has just connected the same account of this organization
        connected = _connect(
            database, keys=keys, organization_id=organization_id, account=phone_number_id, access_token=access_token
        )
        if connected is not None:
            return connected
    raise Rejected("account_taken", f"the account {phone_number_id} is being connected by somebody else")


def _connect(
    database: Database, *, keys: Keys, organization_id: UUID, account: str, access_token: str
) -> Connected | None:
    facts = {"organization_id": organization_id, "account": account}
    with database.tenant(organization_id) as session:
        found = session.execute(_FIND, facts).one_or_none()
    connection_id: UUID = found.id if found is not None else new_id()
    sealed = keys.encrypt_sensitive_data(
        access_token, organization_id=organization_id, place=token_place(connection_id)
    )
    try:
        with database.tenant(organization_id) as session:
            written = session.execute(_CONNECT, {**facts, "id": connection_id, "access_token": sealed}).first()
    except ConstraintViolated as violated:
        if violated.constraint == _ONE_OWNER:
            raise Rejected("account_taken", f"the account {account} is connected to another organization") from None
        raise
    if written is None:
        return None
    if found is None:
        return Connected(connection_id=connection_id, change="created")
    return Connected(
        connection_id=connection_id, change="reconnected" if found.status == "revoked" else "token_replaced"
    )
