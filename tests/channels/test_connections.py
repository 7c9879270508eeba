"""A number belongs to one organization, and its token is stored so that only that organization's key opens it."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from shared.channels.access_tokens import AccessTokens
from shared.channels.connections import connect_whatsapp
from shared.channels.outbox import Account
from shared.channels.ownership import TOKEN_LIMIT
from shared.kit.errors import Rejected
from tests.support.operators import Operator, operator_of
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from shared.channels.connections import Connected
    from tests.support.database import Database

TOKEN = "EAA" + "x" * 40


@pytest.fixture
def operator(shared_database: Database, tmp_path: Path) -> Iterator[Operator]:
    with operator_of(shared_database, tmp_path) as found:
        yield found


def a_number() -> str:
    return f"2{secrets.randbelow(10**14):014d}"


def connect(operator: Operator, organization_id: UUID, number: str, *, token: str = TOKEN) -> Connected:
    return connect_whatsapp(
        operator.database,
        keys=operator.keys,
        organization_id=organization_id,
        phone_number_id=number,
        access_token=token,
    )


def stored(database: Database, connection_id: UUID) -> Any:
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT organization_id, account_identifier, access_token, status FROM integrations.connections"
            " WHERE id = %s",
            (connection_id,),
        )
        return cursor.fetchone()


def opened(operator: Operator, organization_id: UUID, connection_id: UUID, sealed: str) -> str:
    account = Account(connection_id=connection_id, provider="whatsapp", account_identifier="", sealed_token=sealed)
    return AccessTokens(operator.keys).open(organization_id, account)


def test_a_connected_numbers_token_is_stored_encrypted_and_opens_for_a_send(
    operator: Operator, shared_database: Database
) -> None:
    tenant = make_organization(shared_database)

    made = connect(operator, tenant.organization_id, number := a_number())

    organization_id, account, sealed, status = stored(shared_database, made.connection_id)
    assert (made.change, organization_id, account, status) == ("created", tenant.organization_id, number, "active")
    assert TOKEN not in sealed
    assert opened(operator, tenant.organization_id, made.connection_id, sealed) == TOKEN


def test_a_number_of_another_organization_is_refused_and_stays_theirs(
    operator: Operator, shared_database: Database
) -> None:
    """I10: nobody can claim a number that somebody has; the message does not say whose it is."""
    owner, rival = make_organization(shared_database), make_organization(shared_database)

    with pytest.raises(Rejected) as refusal:
        connect(operator, rival.organization_id, owner.phone_number_id)

    assert refusal.value.code == "account_taken"
    assert str(owner.organization_id) not in refusal.value.message
    assert stored(shared_database, owner.connection_id)[0] == owner.organization_id


def test_without_its_unique_index_a_rival_would_get_the_number(database: Database, tmp_path: Path) -> None:
    """The negative control: the index decides, and nothing that is looked up before."""
    with contextlib.closing(database.superuser()) as connection:
        connection.cursor().execute("DROP INDEX integrations.connections_account")
    owner, rival = make_organization(database), make_organization(database)
    with operator_of(database, tmp_path) as found:
        assert connect(found, rival.organization_id, owner.phone_number_id).change == "created"


def test_a_second_connect_replaces_the_token_of_the_same_connection(
    operator: Operator, shared_database: Database
) -> None:
    tenant = make_organization(shared_database)
    first = connect(operator, tenant.organization_id, number := a_number())

    second = connect(operator, tenant.organization_id, number, token="EAAnew" + "y" * 30)

    assert (second.change, second.connection_id) == ("token_replaced", first.connection_id)
    sealed = stored(shared_database, first.connection_id)[2]
    assert opened(operator, tenant.organization_id, first.connection_id, sealed) == "EAAnew" + "y" * 30


def test_a_revoked_number_can_be_connected_again_also_by_somebody_else(
    operator: Operator, shared_database: Database
) -> None:
    one, other = make_organization(shared_database), make_organization(shared_database)
    first = connect(operator, one.organization_id, number := a_number())

    def revoke() -> None:
        with contextlib.closing(shared_database.superuser()) as connection:
            connection.cursor().execute(
                "UPDATE integrations.connections SET status = 'revoked' WHERE account_identifier = %s", (number,)
            )

    revoke()
    again = connect(operator, one.organization_id, number)
    assert (again.change, again.connection_id) == ("reconnected", first.connection_id)
    revoke()
    assert connect(operator, other.organization_id, number).change == "created"
    with pytest.raises(Rejected):
        connect(operator, one.organization_id, number)


@pytest.mark.parametrize(
    "number",
    ["", "1234", "+5511987654321", "11 98765", "1" * 33, "\uff11\uff12\uff13\uff14\uff15", "12345\n", "abcdef"],
)
def test_what_is_no_phone_number_id_is_refused(operator: Operator, shared_database: Database, number: str) -> None:
    tenant = make_organization(shared_database)

    with pytest.raises(Rejected) as refusal:
        connect(operator, tenant.organization_id, number)

    assert refusal.value.code == "account_unusable"


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "açaí", "x" * (TOKEN_LIMIT + 1), "nul\0"])
def test_what_is_no_token_is_refused_without_being_quoted(
    operator: Operator, shared_database: Database, token: str
) -> None:
    tenant = make_organization(shared_database)

    with pytest.raises(Rejected) as refusal:
        connect(operator, tenant.organization_id, a_number(), token=token)

    assert refusal.value.code == "token_unusable"
    assert not token or token not in refusal.value.message
