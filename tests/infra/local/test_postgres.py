"""The embedded server: both versions, long paths, other users, leftovers, and what a second start saves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import stat
import subprocess
import sys
import sysconfig
import tempfile
from typing import TYPE_CHECKING

import pytest

from infra.local.databases import Databases
from infra.local.errors import StackUnusable
from infra.local.postgres import VERSIONS, PostgresServer
from infra.local.processes import Watchdog
from infra.manifest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

KEY = bytes(range(32))


@contextlib.asynccontextmanager
async def _running(folder: Path, version: int = 18) -> AsyncIterator[PostgresServer]:
    watchdog = Watchdog()
    server = PostgresServer(data=folder / "postgres", log=folder / "log", version=version, watchdog=watchdog)
    try:
        await server.start()
        await server.answering()
        yield server
    finally:
        await server.stop()
        watchdog.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_starts_knows_accented_letters_and_is_found_again(folder: Path, version: int) -> None:
    async def play() -> list[object]:
        async with _running(folder, version) as server:
            connection = Databases(server).connect("postgres")
            connection.run("CREATE TABLE kept AS SELECT lower('ÇÃO') AS word")
            connection.close()
        async with _running(folder, version) as server:
            connection = Databases(server).connect("postgres")
            rows = connection.run("SELECT word, current_setting('server_version_num')::int / 10000 FROM kept")
            connection.close()
            assert rows is not None
            return list(rows[0])

    assert asyncio.run(play()) == ["ção", version]


def test_a_folder_of_one_version_is_not_started_with_another(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StackUnusable, match="holds a database of PostgreSQL 16, not 18"):
        PostgresServer(data=folder / "postgres", log=folder / "log", version=18, watchdog=None)  # type: ignore[arg-type]


def test_a_version_that_is_not_embedded_is_refused(folder: Path) -> None:
    with pytest.raises(StackUnusable, match="Use one of: 18, 16"):
        PostgresServer(data=folder / "postgres", log=folder / "log", version=12, watchdog=None)  # type: ignore[arg-type]


def test_a_path_that_is_too_long_for_a_socket_is_no_obstacle(folder: Path) -> None:
    async def play() -> Path:
        deep = folder / ("d" * 120)
        deep.mkdir()
        async with _running(deep) as server:
            connection = Databases(server).connect("postgres")
            connection.close()
            mode = server.socket.parent.stat().st_mode
            assert stat.S_IMODE(mode) == 0o700
            return server.socket

    socket = asyncio.run(play())
    assert len(str(socket)) < 104
    assert not socket.parent.exists()


def test_a_folder_that_holds_something_else_is_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "precious").write_text("kept")
    with pytest.raises(StackUnusable, match="holds no database"):
        PostgresServer(data=folder / "postgres", log=folder / "log", version=18, watchdog=None)  # type: ignore[arg-type]
    assert (folder / "postgres" / "precious").read_text() == "kept"


def test_logins_and_databases_are_made_once_and_then_only_looked_at(folder: Path) -> None:
    async def play() -> None:
        async with _running(folder) as server:
            databases = Databases(server)
            await databases.prepare(tenant_context_key=KEY)
            assert _ask(server, _LOGINS) == [
                ["application", False, False, "application_role"],
                ["intake", False, False, "intake_role"],
                ["maintenance", False, False, "maintenance_role"],
                ["owner_login", False, True, "owner"],
                ["worker", False, False, "worker_role"],
            ]
            _ask(server, "REVOKE worker_role FROM worker")
            await databases.prepare(tenant_context_key=KEY)
            assert len(_ask(server, _LOGINS)) == 4
            await databases.prepare(tenant_context_key=bytes(32))
            assert len(_ask(server, _LOGINS)) == 5

    asyncio.run(play())


_LOGINS = """
SELECT r.rolname, r.rolsuper OR r.rolbypassrls, r.rolcreaterole, g.rolname
FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid JOIN pg_roles g ON g.oid = m.roleid
WHERE r.rolcanlogin AND m.set_option
  AND g.rolname IN ('owner', 'application_role', 'intake_role', 'worker_role', 'maintenance_role')
GROUP BY 1, 2, 3, 4 ORDER BY 1
"""


def _ask(server: PostgresServer, statement: str) -> list[list[object]]:
    connection = Databases(server).connect("departments")
    rows = connection.run(statement) or []
    connection.close()
    return [list(row) for row in rows]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_an_ordinary_user_with_an_empty_home_can_run_it() -> None:
    nobody = pwd.getpwnam("nobody")
    program = (
        "import asyncio, pathlib, sys; from tests.infra.local.test_postgres import _running\n"
        "async def play():\n"
        "    async with _running(pathlib.Path(sys.argv[1])) as server: print(server.pid is not None)\n"
        "asyncio.run(play())"
    )
    python = next((path for path in (sys.executable, "/usr/bin/python3.11") if _runs_for(nobody.pw_uid, path)), None)
    if python is None:
        pytest.skip("this Python is in a folder that others may not enter")
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        done = subprocess.run(
            [python, "-c", program, home],
            user=nobody.pw_uid,
            group=nobody.pw_gid,
            extra_groups=[],
            cwd=REPOSITORY,
            env={"HOME": home, "PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stdout == "True\n", done.stderr


def _runs_for(user: int, python: str) -> bool:
    version = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        return subprocess.run([python, "-c", version], user=user, cwd="/", check=False).returncode == 0
    except OSError:
        return False
