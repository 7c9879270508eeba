"""RELIABILITY of tenancy: as the application role, on every table that the catalogue names, in every context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tenancy.catalogue import fetch
from tests.tenancy.conftest import transactional
from tests.tenancy.matrix import DENIED, Caller, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tenancy.conftest import World

CONTEXTS = ("none", "empty", "garbage", "unsigned", "forged", "cut short", "other", "own")


@pytest.fixture
def application(world: World) -> Iterator[Any]:
    connection = transactional(world.database.connect("application"))
    yield connection
    connection.rollback()
    connection.close()


def test_the_application_role_can_neither_bypass_row_security_nor_own_anything(application: Any) -> None:
    """T-01."""
    flags = fetch(application, "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    owned = fetch(application, "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
    assert (flags, owned) == ([[False, False]], [[0]])


@pytest.mark.parametrize("context", CONTEXTS)
def test_no_foreign_row_is_seen_changed_or_planted_into(world: World, application: Any, context: str) -> None:
    """T-02, T-03, T-05: the matrix, generated from the catalogue."""
    value, acting = world.contexts()[context]
    found = []
    for case in world.cases:
        found += violations(case, application, signed_context=value, acting=acting)
        application.rollback()
    assert found == []
    assert len(world.cases) >= 20


@pytest.mark.parametrize("context", CONTEXTS)
def test_no_view_shows_a_foreign_row(world: World, application: Any, context: str) -> None:
    value, acting = world.contexts()[context]
    caller = Caller(application)
    caller.act_for(value)
    views = fetch(
        application,
        "SELECT quote_ident(schemaname) || '.' || quote_ident(viewname) FROM pg_views "
        "WHERE schemaname = ANY (string_to_array(%s, ','))",
        ("platform,departments,agents,integrations,analytics,audit",),
    )
    assert views, "the catalogue should name at least one view"
    for (view,) in views:
        outcome = caller.run(f"SELECT organization_id::text FROM {view}")
        assert outcome.sqlstate in (None, DENIED), view
        assert {row[0] for row in outcome.rows} <= {acting}, view


_CALLABLE = """
SELECT p.oid::regprocedure::text, p.oid::regproc::text,
       (SELECT string_agg(format_type(t, NULL), ',' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, n))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY (string_to_array('platform,departments,agents,integrations,analytics,audit,public', ','))
  AND p.prokind = 'f' AND has_function_privilege('application_role', p.oid, 'EXECUTE')
  AND 'uuid'::regtype = ANY (p.proargtypes::oid[])
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1
"""
_ARGUMENTS = {"integer": "1", "bigint": "1", "smallint": "1", "text": "'x'", "jsonb": "'{}'", "boolean": "true",
              "timestamp with time zone": "now()", "numeric": "1", "double precision": "1", "bytea": "'\\x00'",
              "interval": "'1 second'", "text[]": "'{}'", "uuid[]": "'{}'", "real": "1"}  # fmt: skip


def test_a_function_answers_for_a_foreign_id_as_for_one_that_does_not_exist(world: World, application: Any) -> None:
    """T-04: every function that takes an id, called by B with A's ids."""
    value, _acting = world.contexts()["other"]
    caller = Caller(application)
    caller.act_for(value)
    functions = fetch(application, _CALLABLE)
    assert functions
    ids_of_a = {world.a} | {row["id"] for row in (c.row_of_a for c in world.cases) if len(row.get("id") or "") == 36}
    for signature, name, types in functions:

        def call(identifier: str, name: str = name, types: str = types) -> tuple[object, str | None]:
            values = {**_ARGUMENTS, "uuid": f"'{identifier}'"}
            arguments = [f"{values.get(kind, 'NULL')}::{kind}" for kind in types.split(",")]
            outcome = caller.run(f"SELECT {name}({', '.join(arguments)})")
            return str(outcome.rows).replace(identifier, "<id>"), outcome.sqlstate

        absent = call("00000000-0000-4000-8000-000000000000")
        told = {identifier: answer for identifier in ids_of_a if (answer := call(str(identifier))) != absent}
        assert told == {}, f"{signature} tells a foreign id from an absent one"


def test_the_matrix_sees_a_table_without_a_policy(world: World) -> None:
    """Negative control: a table whose row security was forgotten must come out as violations."""
    connection = transactional(world.database.superuser())
    case = next(c for c in world.cases if c.table.name == "platform.content")
    connection.cursor().execute("ALTER TABLE platform.content DISABLE ROW LEVEL SECURITY")
    connection.cursor().execute("SET LOCAL ROLE application_role")
    value, acting = world.contexts()["other"]
    found = violations(case, connection, signed_context=value, acting=acting)
    connection.rollback()
    connection.close()
    assert any("seen by" in violation for violation in found)
    assert any("INSERT of a foreign row" in violation for violation in found)
