"""`departments migrate`: creates what is missing, says what, can be repeated, and refuses in plain words."""

from __future__ import annotations

import base64
import contextlib
import secrets
from typing import TYPE_CHECKING

import pytest

from infra.cli.database_url import place_of, usable_url
from infra.cli.failures import CommandFailed
from tests.cli.command import departments, departments_from_scratch, error_of
from tests.support.database import embedded_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Server

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def server() -> Server:
    return embedded_server()


@pytest.fixture
def empty(server: Server) -> Iterator[str]:
    """The name of an empty database."""
    name = f"test_{secrets.token_hex(6)}"
    server.execute(f"CREATE DATABASE {name}")
    yield name
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_an_empty_database_gets_everything_and_a_second_run_nothing(server: Server, empty: str) -> None:
    environment = {"DATABASE_URL": server.url(user="postgres", database=empty), "TENANT_CONTEXT_KEY": KEY}

    first = departments_from_scratch("migrate", "--json", environment=environment)
    second = departments("migrate", "--json", environment=environment)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert first.data["applied"][0] == "0001_schemas.sql"
    assert len(first.data["applied"]) > 20
    assert second.data["applied"] == []
    assert first.data["tenant_context_key"] is True
    assert empty in first.data["database"]
    with contextlib.closing(server.connect(database=empty)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM platform.context_keys")
        assert cursor.fetchone()[0] == 1
    people = departments("migrate", environment=environment)
    assert people.code == 0
    assert "nothing to do" in people.out


def test_a_database_that_is_not_there_is_named(server: Server) -> None:
    ended = departments("migrate", "--database", f"postgresql://postgres@/no_such?host={_folder(server)}")

    code, message, _ = error_of(ended)
    assert 'database "no_such" does not exist' in message
    assert (ended.code, code) == (3, "database_unreachable")


@pytest.mark.parametrize("driver", ["postgresql", "postgres", "postgresql+pg8000"])
@pytest.mark.parametrize("where", ["unix_sock=/run/pg/.s.PGSQL.5432", "host=/run/pg", "host=%2Frun%2Fpg"])
def test_a_url_is_understood_however_it_is_written(where: str, driver: str) -> None:
    url = usable_url(f"{driver}://owner@/departments?{where}")

    assert url.drivername == "postgresql+pg8000"
    assert (url.host, dict(url.query)) == (None, {"unix_sock": "/run/pg/.s.PGSQL.5432"})
    assert place_of(url) == "departments (/run/pg/.s.PGSQL.5432)"


def test_a_url_with_a_host_keeps_it() -> None:
    url = usable_url("postgresql://owner:p%40ss@db.internal:6543/departments")

    assert (url.host, url.port, url.password, url.database) == ("db.internal", 6543, "p@ss", "departments")
    assert place_of(url) == "departments (db.internal)"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root:hidden@/db", "mysql"),
        ("postgresql+psycopg://u:hidden@/db", "psycopg"),
        ("not a url hidden", "not a URL"),
        ("postgresql+pg8000://u:hidden@host", "no database"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_being_shown(url: str, said: str) -> None:
    with pytest.raises(CommandFailed, match=said) as refusal:
        usable_url(url)

    assert (refusal.value.code, refusal.value.exit_code) == ("database_url_unusable", 2)
    assert "hidden" not in refusal.value.message
    assert "postgresql+pg8000://" in refusal.value.next_step


def test_a_server_that_is_not_there_is_unavailable() -> None:
    """T-08: the password is in no output."""
    ended = departments("migrate", "--database", "postgresql://u:a-password@127.0.0.1:1/db")

    code, message, _ = error_of(ended)
    assert (ended.code, code) == (3, "database_unreachable")
    assert "a-password" not in ended.err
    assert message


def test_a_login_without_the_rights_of_an_owner_is_refused(server: Server, empty: str) -> None:
    login = f"stranger_{secrets.token_hex(4)}"
    server.execute(f"CREATE ROLE {login} LOGIN")
    try:
        ended = departments("migrate", environment={"DATABASE_URL": server.url(user=login, database=empty)})
    finally:
        server.execute(f"DROP ROLE {login}")

    code, message, next_step = error_of(ended)
    assert (ended.code, code) == (4, "migration_refused")
    assert "permission denied" in message
    assert next_step == "migrate as the owner of the database"


def test_without_a_database_all_ways_to_name_one_are_told() -> None:
    ended = departments("migrate")

    code, message, _ = error_of(ended)
    assert (ended.code, code) == (2, "settings_missing")
    assert "DATABASE_URL" in message
    assert "CLOUD_SQL_INSTANCE" in message


def _folder(server: Server) -> str:
    return server.socket.rpartition("/")[0]
