"""The proof that the matrix sees.

Each policy, each FORCE and each composite key is taken away in turn, and it must complain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.tenancy.catalogue import SCHEMAS, fetch
from tests.tenancy.conftest import transactional
from tests.tenancy.matrix import violations

if TYPE_CHECKING:
    from tests.tenancy.conftest import World
    from tests.tenancy.matrix import Case

_POLICIES = """
SELECT policyname FROM pg_policies WHERE quote_ident(schemaname) || '.' || quote_ident(tablename) = %s
AND roles && ARRAY['application_role', 'public']::name[] ORDER BY 1
"""
UNPROTECTED = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (string_to_array(%s, ',')) AND c.relkind IN ('r', 'p')
  AND (c.oid = to_regclass('platform.organizations') OR EXISTS (
       SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped))
  AND NOT (c.relrowsecurity AND c.relforcerowsecurity
           AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'r'))
           AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'a')))
ORDER BY 1
"""


def complaints(world: World, case: Case, connection: Any) -> list[str]:
    """The matrix for one table inside the transaction of a superuser that has become the application role."""
    found: list[str] = []
    for context in ("none", "other", "own"):
        value, acting = world.contexts()[context]
        cursor = connection.cursor()
        cursor.execute("SAVEPOINT matrix")
        cursor.execute("SET LOCAL ROLE application_role")
        found += violations(case, connection, signed_context=value, acting=acting)
        cursor.execute("ROLLBACK TO SAVEPOINT matrix")
    return found


def unprotected(connection: Any) -> list[str]:
    """Relations with tenant rows, partitions included, that lack row security, FORCE or a policy."""
    return [row[0] for row in fetch(connection, UNPROTECTED, (",".join(SCHEMAS),))]


def test_every_relation_with_tenant_rows_is_protected_partitions_included(world: World) -> None:
    """T-03."""
    connection = transactional(world.database.superuser())
    assert unprotected(connection) == []
    connection.close()


def test_each_dropped_policy_is_seen(world: World) -> None:
    connection = transactional(world.database.superuser())
    unseen, tried = [], 0
    for case in world.cases:
        for (policy,) in fetch(connection, _POLICIES, (case.table.name,)):
            connection.cursor().execute(f"DROP POLICY {policy} ON {case.table.name}")
            unseen += [] if complaints(world, case, connection) else [f"{case.table.name}: {policy}"]
            tried += 1
            connection.rollback()
    connection.close()
    assert unseen == []
    assert tried >= len(world.cases) - 4, "nearly every tenant table has a policy of its own"


def test_each_dropped_policy_or_force_of_a_partition_is_seen(world: World) -> None:
    connection = transactional(world.database.superuser())
    partitions = [p for case in world.cases for p in case.table.partitions]
    assert partitions
    for partition in partitions:
        for (policy,) in fetch(
            connection, "SELECT polname FROM pg_policy WHERE polrelid = to_regclass(%s)", (partition,)
        ):
            connection.cursor().execute(f"DROP POLICY {policy} ON {partition}")
        assert unprotected(connection) == [partition]
        connection.rollback()
        connection.cursor().execute(f"ALTER TABLE {partition} NO FORCE ROW LEVEL SECURITY")
        assert unprotected(connection) == [partition]
        connection.rollback()
    connection.close()


def test_each_lost_force_lets_the_owner_see_and_is_seen(world: World) -> None:
    """T-01: with FORCE the owner sees nothing; without it the probe finds rows."""
    connection = transactional(world.database.superuser())
    for case in world.cases:
        seen = []
        for mutation in ("", f"ALTER TABLE {case.table.name} NO FORCE ROW LEVEL SECURITY"):
            if mutation:
                connection.cursor().execute(mutation)
            connection.cursor().execute("SET LOCAL ROLE owner")
            seen.append(fetch(connection, f"SELECT count(*) FROM {case.table.name}")[0][0])
            connection.rollback()
        assert seen[0] == 0, f"{case.table.name}: the owner sees rows in spite of FORCE"
        assert seen[1] > 0, f"{case.table.name}: the probe is blind"
    connection.close()


def test_each_dropped_composite_key_is_seen(world: World) -> None:
    """T-05."""
    connection = transactional(world.database.superuser())
    unseen, tried = [], 0
    for case in world.cases:
        if not case.may("INSERT"):
            continue
        for key in case.table.foreign_keys:
            if key.parent == "platform.organizations" or key.parent not in case.parents_of_a:
                continue
            connection.cursor().execute(f"ALTER TABLE {case.table.name} DROP CONSTRAINT {key.name}")
            unseen += [] if complaints(world, case, connection) else [f"{case.table.name}: {key.name}"]
            tried += 1
            connection.rollback()
    connection.close()
    assert unseen == []
    assert tried >= 10
