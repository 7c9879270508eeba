"""Migrations as an operator meets them: the first time, again, two at once, with and without a superuser's rights."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy.exc

from migrations.chain import ChainBroken, migration_files, revision_map
from migrations.run import migrate
from tests.migrations.description import describe
from tests.support.database import TENANT_CONTEXT_KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.migrations.description import Schema
    from tests.support.database import Database, Server

NAMES = [file.name for file in migration_files()]


def _schema(server: Server, database: str) -> Schema:
    with contextlib.closing(server.connect(database=database)) as connection:
        return describe(connection)


def _count(server: Server, database: str, statement: str) -> int:
    with contextlib.closing(server.connect(database=database)) as connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        count: int = cursor.fetchone()[0]
        return count


def _owned_database(server: Server, name: str) -> str:
    """A database of a login that may create roles and nothing more, as a managed service gives it; its URL."""
    server.execute("CREATE ROLE site_owner LOGIN CREATEROLE")
    server.execute(f"CREATE DATABASE {name} OWNER site_owner")
    server.execute("CREATE EXTENSION vector", database=name)
    return server.url(user="site_owner", database=name)


def test_a_superuser_migrates_once_and_then_has_nothing_to_do_and_the_schema_is_the_same_on_every_version(
    bare_server: Server, shared_database: Database
) -> None:
    bare_server.execute("CREATE DATABASE first")
    url = bare_server.url(user="postgres", database="first")
    assert migrate(url, tenant_context_key=TENANT_CONTEXT_KEY) == NAMES
    assert migrate(url, tenant_context_key=TENANT_CONTEXT_KEY) == []
    assert _count(bare_server, "first", "SELECT count(*) FROM platform.context_keys") == 1
    with contextlib.closing(shared_database.superuser()) as connection:
        assert _schema(bare_server, "first") == describe(connection)


def test_the_owner_of_the_database_migrates_without_superuser_rights_to_the_same_schema(
    bare_server: Server, shared_database: Database
) -> None:
    url = _owned_database(bare_server, "owned")
    assert migrate(url, tenant_context_key=TENANT_CONTEXT_KEY) == NAMES
    assert migrate(url) == []
    strangers = (
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'platform'::regnamespace AND relowner <> 'owner'::regrole"
    )
    assert _count(bare_server, "owned", strangers) == 0
    with contextlib.closing(shared_database.superuser()) as connection:
        assert _schema(bare_server, "owned") == describe(connection)


def test_two_migrations_of_one_database_at_once_apply_each_file_once(bare_server: Server) -> None:
    bare_server.execute("CREATE DATABASE twice")
    url = bare_server.url(user="postgres", database="twice")
    with ThreadPoolExecutor(3) as pool:
        applied = list(pool.map(lambda _: migrate(url, tenant_context_key=TENANT_CONTEXT_KEY), range(3)))
    assert sorted(applied) == [[], [], NAMES]


def test_two_databases_of_one_cluster_can_be_migrated_at_once(bare_server: Server) -> None:
    databases = ("left_one", "right_one", "third_one")
    for name in databases:
        bare_server.execute(f"CREATE DATABASE {name}")
    program = "import sys; from migrations.run import migrate; print(*migrate(sys.argv[1]))"
    urls = [bare_server.url(user="postgres", database=name) for name in databases]
    migrations = [subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE) for url in urls]
    assert [migration.communicate(timeout=60)[0].decode().split() for migration in migrations] == [NAMES] * 3


def test_a_migration_that_fails_leaves_nothing_behind_and_can_be_run_again(bare_server_18: Server) -> None:
    bare_server_18.execute("CREATE DATABASE broken")
    url = bare_server_18.url(user="postgres", database="broken")
    bare_server_18.execute("CREATE SCHEMA audit", database="broken")
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="already exists"):
        migrate(url)
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('platform', 'departments', 'agents')"
    assert _count(bare_server_18, "broken", schemas) == 0
    bare_server_18.execute("DROP SCHEMA audit", database="broken")
    assert migrate(url) == NAMES


def test_a_database_can_stop_at_an_older_migration_and_go_on_later(bare_server_18: Server) -> None:
    bare_server_18.execute("CREATE DATABASE behind")
    url = bare_server_18.url(user="postgres", database="behind")
    assert migrate(url, revision="0003") == NAMES[:3]
    assert migrate(url) == NAMES[3:]


def test_an_owner_that_may_not_add_the_vector_extension_is_told_so_and_changes_nothing(bare_server_18: Server) -> None:
    bare_server_18.execute("CREATE ROLE site_owner LOGIN CREATEROLE")
    bare_server_18.execute("CREATE DATABASE plain OWNER site_owner")
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match='permission denied to create extension "vector"'):
        migrate(bare_server_18.url(user="site_owner", database="plain"))
    assert _count(bare_server_18, "plain", "SELECT count(*) FROM pg_roles WHERE rolname LIKE '%_role'") == 0


def test_a_context_key_that_could_be_guessed_is_refused(bare_server_18: Server) -> None:
    bare_server_18.execute("CREATE DATABASE short")
    with pytest.raises(ValueError, match="32 bytes or more, not 5"):
        migrate(bare_server_18.url(user="postgres", database="short"), tenant_context_key=b"short")


def test_a_new_context_key_is_added_to_the_old_one(bare_server_18: Server) -> None:
    bare_server_18.execute("CREATE DATABASE keys")
    url = bare_server_18.url(user="postgres", database="keys")
    for key in (b"a" * 32, b"b" * 32, b"a" * 32):
        migrate(url, tenant_context_key=key)
    active = "SELECT count(*) FROM platform.context_keys WHERE retired_at IS NULL"
    assert _count(bare_server_18, "keys", active) == 2


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"1_short.sql": "-- why\n"}, "NNNN_what_it_does.sql"),
        ({"0001_one.sql": "-- why\n", "0001_two.sql": "-- why\n"}, "the same number"),
        ({"0001_one.sql": "CREATE TABLE t ();\n"}, "first line"),
    ],
)
def test_a_file_that_is_no_migration_is_refused(tmp_path: Path, files: dict[str, str], complaint: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ChainBroken, match=complaint):
        revision_map(tmp_path)


def test_the_chain_follows_the_numbers() -> None:
    revisions = list(revision_map().iterate_revisions("head", "base"))
    assert [revision.revision for revision in reversed(revisions)] == [name[:4] for name in NAMES]
