"""X-05: the deployed schema differs from the seed as docs/schema.md says, no more and no less."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.migrations.description import Schema, describe, differences
from tests.migrations.deviations import documented_differences, documented_tables, matches
from tests.migrations.seed import failures, partition_keys, readable_statements

if TYPE_CHECKING:
    from tests.support.database import Database


@pytest.fixture(scope="module")
def seed(shared_database: Database) -> Schema:
    """The seed's schema, read by PostgreSQL itself."""
    server, name = shared_database.server, f"seed_{secrets.token_hex(4)}"
    server.execute(f"CREATE DATABASE {name}")
    server.execute("CREATE EXTENSION vector", database=name)
    try:
        with contextlib.closing(server.connect(database=name)) as connection:
            assert failures(connection, readable_statements()) == {}
            schema = describe(connection)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    keys = partition_keys()
    tables = {
        table: dataclasses.replace(description, partition_key=keys.get(table))
        for table, description in schema.tables.items()
    }
    return dataclasses.replace(schema, tables=tables)


@pytest.fixture(scope="module")
def deployed(shared_database: Database) -> Schema:
    with contextlib.closing(shared_database.superuser()) as connection:
        return describe(connection)


def test_the_seed_has_the_twenty_tables_and_all_are_deployed(seed: Schema, deployed: Schema) -> None:
    assert len(seed.tables) == 20
    assert seed.tables.keys() <= deployed.tables.keys()
    for name, table in seed.tables.items():
        assert table.columns.keys() <= deployed.tables[name].columns.keys(), name


def test_every_difference_is_documented(seed: Schema, deployed: Schema) -> None:
    patterns = [pattern for row in documented_differences().values() for pattern in row]
    unexplained = [
        line for line in differences(seed, deployed) if not any(matches(pattern, line) for pattern in patterns)
    ]
    assert unexplained == [], "add a row to the deviations of docs/schema.md"


def test_every_documented_difference_is_real(seed: Schema, deployed: Schema) -> None:
    lines = differences(seed, deployed)
    stale = {
        f"{row}: {pattern}"
        for row, patterns in documented_differences().items()
        for pattern in patterns
        if not any(matches(pattern, line) for line in lines)
    }
    assert stale == set(), "take it out of the deviations of docs/schema.md"


def test_every_table_is_in_the_overview_and_every_table_of_the_overview_exists(deployed: Schema) -> None:
    assert documented_tables() == deployed.tables.keys() | deployed.views


def test_a_change_that_nobody_documented_is_noticed(database: Database, seed: Schema) -> None:
    """The control."""
    with contextlib.closing(database.superuser()) as superuser:
        superuser.cursor().execute("ALTER TABLE platform.users DROP COLUMN phone, ADD COLUMN nickname text")
        found = differences(seed, describe(superuser))
    patterns = [pattern for row in documented_differences().values() for pattern in row]
    unexplained = [line for line in found if not any(matches(pattern, line) for pattern in patterns)]
    assert unexplained == ["column added platform.users.nickname", "column missing platform.users.phone"]
