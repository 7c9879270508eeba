"""The signed tenant context, asked as the application's login."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.support.tenants import enter_tenant, make_organization, signed_context

if TYPE_CHECKING:
    from tests.support.database import Database


def _current(database: Database, context: str | None) -> str | None:
    with contextlib.closing(database.connect("application")) as connection:
        cursor = connection.cursor()
        if context is not None:
            cursor.execute("SELECT set_config('app.current_organization_id', %s, false)", (context,))
        cursor.execute("SELECT platform.current_organization_id()::text")
        value: str | None = cursor.fetchone()[0]
        return value


def test_a_signed_context_names_its_organization(shared_database: Database) -> None:
    organization_id = str(uuid4())
    assert (
        _current(shared_database, signed_context(organization_id, shared_database.tenant_context_key))
        == organization_id
    )


@pytest.mark.parametrize(
    "context",
    [
        None,
        "",
        "garbage",
        "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        "6f9619ff-8b86-4d01-b42d-00cf4fc964ff." + "0" * 64,
        signed_context("6f9619ff-8b86-4d01-b42d-00cf4fc964ff", b"another key of thirty-two bytes."),
        signed_context("6f9619ff-8b86-4d01-b42d-00cf4fc964ff", bytes(range(32))).upper(),
        signed_context("6f9619ff-8b86-4d01-b42d-00cf4fc964ff", bytes(range(32))) + "\n",
    ],
)
def test_without_a_valid_signature_there_is_no_organization(shared_database: Database, context: str | None) -> None:
    """T-02: unset, empty, malformed and forged contexts all mean nobody."""
    assert _current(shared_database, context) is None


def test_an_organization_sees_only_itself(shared_database: Database) -> None:
    """T-01."""
    ours, theirs = make_organization(shared_database), make_organization(shared_database)
    with contextlib.closing(shared_database.connect("application")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM platform.organizations")
        assert cursor.fetchone()[0] == 0
        enter_tenant(connection, shared_database, ours.organization_id)
        cursor.execute("SELECT id FROM platform.organizations")
        assert [row[0] for row in cursor.fetchall()] == [ours.organization_id]
        cursor.execute("SELECT count(*) FROM integrations.connections WHERE id = %s", (theirs.connection_id,))
        assert cursor.fetchone()[0] == 0
