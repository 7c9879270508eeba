"""O-01: every state that the schema allows is moved on by a sweeper, or may stay for a stated reason."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from functions.work_sweep.states import STATES, Moves, overdue_statement

if TYPE_CHECKING:
    from tests.support.database import Database

# Every CHECK of one column that lists words, on a column whose name says that it holds a state.
_CHECKS = """
SELECT k.conrelid::regclass::text, a.attname, pg_get_constraintdef(k.oid)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid AND NOT c.relispartition
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'c' AND cardinality(k.conkey) = 1 AND a.attname ~ '(status|state)$'
  AND pg_get_constraintdef(k.oid) LIKE '%ARRAY[%'
"""


def states_of_the_schema(database: Database) -> dict[tuple[str, str], set[str]]:
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(_CHECKS)
        return {
            (table, column): set(re.findall(r"'([^']+)'::", definition))
            for table, column, definition in cursor.fetchall()
        }


def forgotten(database: Database) -> set[str]:
    """The states that the registry does not name."""
    return {
        f"{table}.{column} = {state}"
        for (table, column), states in states_of_the_schema(database).items()
        for state in states
        if state not in STATES.get((table, column), {})
    }


def test_no_state_of_the_schema_is_forgotten(shared_database: Database) -> None:
    assert forgotten(shared_database) == set()


def test_the_registry_names_no_state_that_does_not_exist(shared_database: Database) -> None:
    known = states_of_the_schema(shared_database)
    assert {key: set(states) for key, states in STATES.items()} == {key: known.get(key) for key in STATES}


def test_a_new_state_would_be_noticed(database: Database) -> None:
    """The negative control."""
    with contextlib.closing(database.superuser()) as connection:
        connection.cursor().execute(
            "ALTER TABLE platform.outbox DROP CONSTRAINT outbox_state_check,"
            " ADD CONSTRAINT outbox_state_check CHECK (state IN ('ready', 'limbo'))"
        )
        connection.cursor().execute("CREATE TABLE platform.parcels (status text CHECK (status IN ('lost', 'found')))")
    assert forgotten(database) == {
        "platform.outbox.state = limbo",
        "platform.parcels.status = lost",
        "platform.parcels.status = found",
    }


def test_every_sweeper_is_a_function_that_the_worker_may_run(shared_database: Database) -> None:
    sweepers = {rule.sweeper for states in STATES.values() for rule in states.values() if isinstance(rule, Moves)}
    with contextlib.closing(shared_database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'agents'::regnamespace"
            " AND has_function_privilege('worker_role', oid, 'EXECUTE')"
        )
        assert sweepers <= {row[0] for row in cursor.fetchall()}


def test_the_age_alarm_is_one_statement_that_the_worker_may_run(shared_database: Database) -> None:
    with contextlib.closing(shared_database.connect("worker")) as connection:
        cursor = connection.cursor()
        cursor.execute(overdue_statement())
        assert {count for _, count in cursor.fetchall()} == {0}
