"""What each login may do, by trying."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.migrations.months import refused
from tests.support.tenants import enter_tenant, make_conversation, make_organization, signed_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database
    from tests.support.tenants import Tenant

DENIED = "42501"
FOREIGN_KEY = "23503"


@pytest.fixture
def tenant(shared_database: Database) -> Tenant:
    return make_organization(shared_database)


@pytest.fixture
def application(shared_database: Database, tenant: Tenant) -> Iterator[Any]:
    """A session of the application that works for `tenant`."""
    with contextlib.closing(shared_database.connect("application")) as connection:
        enter_tenant(connection, shared_database, tenant.organization_id)
        yield connection


def _rows(connection: Any, statement: str, *parameters: object) -> list[Any]:
    cursor = connection.cursor()
    cursor.execute(statement, parameters)
    return [row[0] if len(row) == 1 else tuple(row) for row in cursor.fetchall()]


def test_audit_rows_are_added_and_never_changed(application: Any, tenant: Tenant) -> None:
    """T-09."""
    insert = "INSERT INTO audit.activity_logs (organization_id, action) VALUES (%s, 'user.login')"
    application.cursor().execute(insert, (tenant.organization_id,))
    assert _rows(application, "SELECT action FROM audit.activity_logs") == ["user.login"]
    assert refused(application, "UPDATE audit.activity_logs SET action = 'nothing'") == DENIED
    assert refused(application, "DELETE FROM audit.activity_logs") == DENIED
    assert refused(application, "TRUNCATE audit.activity_logs") == DENIED
    assert refused(application, insert, uuid4()) == DENIED  # another organization's row
    assert refused(application, "INSERT INTO audit.activity_logs (action) VALUES ('platform.act')") == DENIED


@pytest.mark.parametrize("login", ["application", "intake", "worker", "maintenance"])
@pytest.mark.parametrize(
    "statement", ["SELECT * FROM platform.context_keys", "SET ROLE owner", "SET ROLE definer_role"]
)
def test_no_login_reaches_the_keys_of_the_context_nor_another_role(
    shared_database: Database, login: str, statement: str
) -> None:
    with contextlib.closing(shared_database.connect(login)) as connection:
        assert refused(connection, statement) == DENIED


def test_the_owner_itself_sees_no_tenant_s_rows(shared_database: Database, tenant: Tenant) -> None:
    """FORCE: a migration cannot read what it moves by accident, and neither can a stolen owner's login."""
    with contextlib.closing(shared_database.connect("owner_login")) as connection:
        connection.cursor().execute("SET ROLE owner")
        assert _rows(connection, "SELECT count(*) FROM platform.organizations") == [0]
    with contextlib.closing(shared_database.superuser()) as connection:  # the control: a superuser does
        query = "SELECT count(*) FROM platform.organizations WHERE id = %s"
        assert _rows(connection, query, tenant.organization_id) == [1]


def test_intake_finds_whose_account_it_is_and_nothing_else(shared_database: Database, tenant: Tenant) -> None:
    """T-06."""
    ask = "SELECT * FROM integrations.resolve_connection('whatsapp', %s)"
    with contextlib.closing(shared_database.connect("intake")) as connection:
        assert _rows(connection, ask, tenant.phone_number_id) == [(tenant.organization_id, tenant.connection_id)]
        assert _rows(connection, ask, "nobody's") == []
        assert _rows(connection, ask.replace("whatsapp", "instagram"), tenant.phone_number_id) == []
        for table in ("integrations.connections", "platform.conversations", "integrations.webhook_deliveries"):
            assert refused(connection, f"SELECT * FROM {table}") == DENIED
        with contextlib.closing(shared_database.superuser()) as superuser:
            revoke = "UPDATE integrations.connections SET status = 'revoked' WHERE id = %s"
            superuser.cursor().execute(revoke, (tenant.connection_id,))
        assert _rows(connection, ask, tenant.phone_number_id) == []


def test_the_application_may_not_ask_whose_account_it_is(application: Any) -> None:
    assert refused(application, "SELECT * FROM integrations.resolve_connection('whatsapp', '1')") == DENIED


def test_a_worker_sees_every_conversation_and_no_secret(shared_database: Database) -> None:
    conversations = {make_conversation(shared_database, make_organization(shared_database)) for _ in range(2)}
    with contextlib.closing(shared_database.connect("worker")) as connection:
        assert conversations <= set(_rows(connection, "SELECT id FROM platform.conversations"))
        assert len(_rows(connection, "SELECT id FROM integrations.connections")) >= 2
        for secret in (
            "access_token FROM integrations.connections",
            "webhook_secret FROM integrations.connections",
            "encryption_key_id FROM platform.organizations",
            "email FROM platform.users",
            "content FROM platform.knowledge_chunks",
            "wrapped_keyset FROM platform.encryption_keys",
        ):
            assert refused(connection, f"SELECT {secret}") == DENIED, secret


def test_maintenance_sees_no_tenant_s_rows(shared_database: Database) -> None:
    with contextlib.closing(shared_database.connect("maintenance")) as connection:
        for table in ("platform.messages", "audit.activity_logs", "platform.organizations"):
            assert refused(connection, f"SELECT * FROM {table}") == DENIED


def test_a_row_can_not_point_at_another_organization_s(
    shared_database: Database, application: Any, tenant: Tenant
) -> None:
    """T-05: and a foreign row's existence cannot be told from its absence."""
    theirs = make_conversation(shared_database, make_organization(shared_database))
    insert = (
        "INSERT INTO platform.messages (organization_id, conversation_id, connection_id, direction, sender_type)"
        " VALUES (%s, %s, %s, 'outbound', 'ai')"
    )
    for conversation_id in (theirs, uuid4()):
        parameters = (tenant.organization_id, conversation_id, tenant.connection_id)
        assert refused(application, insert, *parameters) == FOREIGN_KEY
    with contextlib.closing(shared_database.superuser()) as superuser:  # not even with every right
        assert refused(superuser, insert, tenant.organization_id, theirs, tenant.connection_id) == FOREIGN_KEY


def test_a_retired_context_key_signs_nobody_while_the_new_one_does(database: Database) -> None:
    organization_id = uuid4()
    context = signed_context(organization_id, database.tenant_context_key)
    with (
        contextlib.closing(database.superuser()) as superuser,
        contextlib.closing(database.connect("application")) as connection,
    ):
        connection.cursor().execute("SELECT set_config('app.current_organization_id', %s, false)", (context,))
        assert _rows(connection, "SELECT platform.current_organization_id()") == [organization_id]
        superuser.cursor().execute("UPDATE platform.context_keys SET retired_at = now()")
        assert _rows(connection, "SELECT platform.current_organization_id()") == [None]


def test_of_two_that_make_the_same_platform_key_both_get_the_first_one_s(shared_database: Database) -> None:
    key_id = f"deliveries-{uuid4()}"

    def add(number: int) -> bytes:
        with contextlib.closing(shared_database.connect("intake")) as connection:
            query = "SELECT wrapped_keyset FROM platform.add_encryption_key(%s, NULL, %s, 'file:master')"
            keyset: bytes = _rows(connection, query, key_id, f"keyset {number}".encode())[0]
            return keyset

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(add, range(8)))) == 1
    with contextlib.closing(shared_database.connect("worker")) as connection:
        assert len(_rows(connection, "SELECT master_key FROM platform.get_encryption_key(%s)", key_id)) == 1


def test_an_organization_s_key_is_made_and_read_by_that_organization_alone(
    shared_database: Database, application: Any, tenant: Tenant
) -> None:
    """T-07 and T-04: the argument is compared with the transaction's own organization."""
    key_id, other = f"organization-{tenant.organization_id}", make_organization(shared_database)
    add = "SELECT wrapped_keyset FROM platform.add_encryption_key(%s, %s, %s, 'file:master')"
    assert _rows(application, add, key_id, tenant.organization_id, b"ours") == [b"ours"]
    assert refused(application, add, "planted", other.organization_id, b"x") == DENIED
    enter_tenant(application, shared_database, other.organization_id)
    assert _rows(application, "SELECT * FROM platform.get_encryption_key(%s)", key_id) == []
    assert _rows(application, add, key_id, other.organization_id, b"theirs") == []


def test_every_update_moves_updated_at_whatever_it_says(application: Any, tenant: Tenant) -> None:
    query = "SELECT updated_at FROM platform.organizations"
    before = _rows(application, query)[0]
    application.cursor().execute("UPDATE platform.organizations SET updated_at = '2001-01-01'")
    assert _rows(application, query)[0] > before
    assert tenant.organization_id in _rows(application, "SELECT id FROM platform.organizations")
