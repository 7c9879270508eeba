"""The committed dump is what the migrations build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from migrations.dump import POSTGRES_VERSION, SCHEMA_FILE, dump

if TYPE_CHECKING:
    from tests.support.database import Database


def test_the_committed_dump_is_what_the_migrations_build(shared_database: Database) -> None:
    if shared_database.server.version != POSTGRES_VERSION:
        pytest.skip(f"the dump is made by PostgreSQL {POSTGRES_VERSION}")
    built = dump(shared_database.url("postgres"), shared_database.server.bin_path / "pg_dump")
    assert built.splitlines() == SCHEMA_FILE.read_text(encoding="utf-8").splitlines(), "run `make schema`"


def test_a_change_of_the_schema_shows_in_the_dump(database: Database) -> None:
    """The control: without it an empty dump would equal an empty file."""
    if database.server.version != POSTGRES_VERSION:
        pytest.skip(f"the dump is made by PostgreSQL {POSTGRES_VERSION}")
    pg_dump = database.server.bin_path / "pg_dump"
    before = dump(database.url("postgres"), pg_dump)
    database.server.execute("ALTER TABLE platform.users ADD COLUMN nickname text", database=database.name)
    after = dump(database.url("postgres"), pg_dump)
    assert [line.strip() for line in after.splitlines() if line not in before.splitlines()] == ["nickname text,"]
