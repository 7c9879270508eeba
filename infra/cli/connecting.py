"""What `departments connection` does: each returns what was found or done, for people and programs alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.naming import find_organization
from infra.cli.refusals import refused
from shared.channels.access_tokens import AccessTokens
from shared.channels.account_reading import AccountReader, account_reader
from shared.channels.connection_states import (
    ConnectionState,
    apply_examination,
    find_connection,
    list_connections,
    revoke_connection,
)
from shared.channels.connections import connect_account
from shared.channels.outbox import Account
from shared.channels.ownership import TOKEN_LIMIT, Check, Examination, Provider, check_webhooks, examine, prove
from shared.platform.database import Database
from shared.platform.keys import Keys
from shared.platform.settings import GraphSettings, KeySettings, load


@dataclass(frozen=True, slots=True)
class Connecting:
    """What the commands need: the organization, its rows, its keys and the provider."""

    database: Database
    organization_id: UUID
    keys: Keys
    reader: AccountReader

    def find(self, name: str) -> ConnectionState:
        """The organization's connection of this id or account."""
        return find_connection(self.database, self.organization_id, name)


@dataclass(frozen=True, slots=True)
class Tested:
    """An examination and what it changed ('recovered', 'paused' or None)."""

    connection: ConnectionState
    examination: Examination
    change: str | None


@contextmanager
def connecting(ready_file: Path | None, organization: str, **named: object) -> Iterator[Connecting]:
    """Open an installation for one organization.

    Args:
        ready_file: of a local stack, else the environment's settings count.
        organization: id or slug.
        named: what the refusals' texts name: account, connection.

    Raises:
        CommandFailed: for everything that this block is refused.
    """
    installation = Installation.named(ready_file)
    with (
        explained(limit=TOKEN_LIMIT, organization=organization, **named),
        installation.application() as database,
    ):
        yield Connecting(
            database=database,
            organization_id=find_organization(installation, database, organization),
            keys=Keys(load(KeySettings), database),
            reader=account_reader(load(GraphSettings)),
        )


def add_connection(
    work: Connecting, *, provider: Provider, account: str, token: str, expires_at: datetime | None
) -> dict[str, Any]:
    """Prove the account and connect it; a connection that exists gets the token. Returns what `--json` prints."""
    proven = prove(work.reader, provider=provider, account=account, token=token)
    connected = connect_account(
        work.database,
        keys=work.keys,
        organization_id=work.organization_id,
        proven=proven,
        access_token=token,
        expires_at=expires_at,
    )
    return {
        "organization_id": work.organization_id,
        "connection_id": connected.connection_id,
        "provider": provider,
        "account": account,
        "name": proven.name,
        "change": connected.change,
        "webhooks": as_check(check_webhooks(work.reader, proven, token)),
    }


def rotate_token(work: Connecting, *, connection: str, token: str, expires_at: datetime | None) -> dict[str, Any]:
    """Give a connection a new token after the provider showed the account to it; a pause ends."""
    found = work.find(connection)
    told = add_connection(work, provider=found.provider, account=found.account, token=token, expires_at=expires_at)
    return {**told, "was": found.status}


def list_states(work: Connecting) -> list[ConnectionState]:
    """The organization's connections, revoked ones too."""
    return list_connections(work.database, work.organization_id)


def try_connection(work: Connecting, *, connection: str) -> Tested:
    """Ask the provider about a connection with its stored token, and let the answer pause or recover it."""
    found = work.find(connection)
    token = AccessTokens(work.keys).open(
        work.organization_id,
        Account(
            connection_id=found.connection_id,
            provider=found.provider,
            account_identifier=found.account,
            sealed_token=found.sealed_token,
        ),
    )
    if not token:
        examination = Examination((Check("token", "failed", "there is no token that can be opened"),), None)
    else:
        examination = examine(work.reader, provider=found.provider, account=found.account, token=token)
    change = apply_examination(work.database, work.organization_id, found, examination)
    return Tested(found, examination, change)


def end_connection(work: Connecting, *, connection: str) -> dict[str, Any]:
    """Revoke a connection: erase its token and free its account."""
    found = work.find(connection)
    ended = revoke_connection(work.database, work.organization_id, found)
    return {"connection_id": found.connection_id, "provider": found.provider, "account": found.account, "ended": ended}


def as_check(check: Check) -> dict[str, str]:
    """A check for programs."""
    return {"name": check.name, "outcome": check.outcome, "detail": check.detail}


def moment(value: str | None) -> datetime | None:
    """The moment of an ISO 8601 text; without an offset it is UTC.

    Raises:
        CommandFailed: it is none.
    """
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise refused("time_unusable", value=value) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
