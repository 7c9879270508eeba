"""The databases and logins of the local server: `departments`, built by the migrations, and `local_stack`, the queues.

What a deployment gets from Terraform (logins, the owner's rights) is made here; what migrations make is left to them.
"""

import asyncio
import hashlib
import time
from pathlib import Path

import pg8000.exceptions
import pg8000.native

from infra.local.postgres import PostgresServer
from infra.manifest import REPOSITORY

LOGINS = {name: f"{name}_role" for name in ("application", "intake", "worker", "maintenance")}  # login → its role
_OWNER = "owner_login"
_CONNECT_SECONDS = 20.0
_FACTS = "CREATE TABLE IF NOT EXISTS facts (name text PRIMARY KEY, value text NOT NULL)"
_ALWAYS_THERE = "postgres"  # the database in which the stack remembers what it has prepared


class Databases:
    """Makes and migrates what is missing; a second start only compares one fingerprint."""

    def __init__(self, server: PostgresServer) -> None:
        """Take the server; it must be starting or answering when methods are called."""
        self._server = server

    def connect(self, database: str, login: str = "postgres") -> pg8000.native.Connection:
        """A connection of one's own, as superuser unless another login is named."""
        return pg8000.native.Connection(login, database=database, unix_sock=str(self._server.socket), timeout=None)

    async def prepare(self, *, tenant_context_key: bytes) -> None:
        """Make logins and databases and run the migrations, where this was not done already with the same files."""
        fingerprint = _fingerprint(tenant_context_key)
        if await asyncio.to_thread(self._fact, "schema") == fingerprint:
            return
        await asyncio.to_thread(self._make)
        from migrations.run import migrate  # noqa: PLC0415 - Alembic takes half a second, which a second start saves

        await asyncio.to_thread(migrate, self._server.url(_OWNER), tenant_context_key=tenant_context_key)
        await asyncio.to_thread(self._finish, fingerprint)

    def _fact(self, name: str) -> str | None:
        """A remembered fact, or None on a server that is not prepared."""
        connection = self._connect_patiently(_ALWAYS_THERE)
        try:
            connection.run(_FACTS)
            rows = connection.run("SELECT value FROM facts WHERE name = :name", name=name)
        finally:
            connection.close()
        return str(rows[0][0]) if rows else None

    def _connect_patiently(self, database: str) -> pg8000.native.Connection:
        """A server that has just said that it is ready may still refuse for a moment."""
        give_up = time.monotonic() + _CONNECT_SECONDS
        while True:
            try:
                return self.connect(database)
            except (pg8000.exceptions.InterfaceError, OSError):
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.02)

    def _make(self) -> None:
        connection = self.connect(_ALWAYS_THERE)
        try:
            roles = {row[0] for row in connection.run("SELECT rolname FROM pg_roles") or []}
            for login in LOGINS:
                if login not in roles:
                    connection.run(f"CREATE ROLE {login} LOGIN")
            if _OWNER not in roles:
                connection.run(f"CREATE ROLE {_OWNER} LOGIN CREATEROLE")
            databases = {row[0] for row in connection.run("SELECT datname FROM pg_database") or []}
            if "local_stack" not in databases:
                connection.run("CREATE DATABASE local_stack")
            if "departments" not in databases:
                connection.run(f"CREATE DATABASE departments OWNER {_OWNER}")
        finally:
            connection.close()
        connection = self.connect("departments")
        try:
            connection.run("CREATE EXTENSION IF NOT EXISTS vector")
        finally:
            connection.close()

    def _finish(self, fingerprint: str) -> None:
        """Give each login its role, which the migrations have made, and remember that all is done."""
        connection = self.connect(_ALWAYS_THERE)
        try:
            for login, role in LOGINS.items():
                connection.run(f"GRANT {role} TO {login}")
            connection.run(_FACTS)
            connection.run(
                "INSERT INTO facts VALUES ('schema', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                value=fingerprint,
            )
        finally:
            connection.close()


def _fingerprint(tenant_context_key: bytes) -> str:
    """Changes with the migrations, with the key, and with the month, for which migrating makes the partitions."""
    digest = hashlib.sha256(tenant_context_key + time.strftime("%Y-%m", time.gmtime()).encode())
    for file in sorted(_migration_files()):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _migration_files() -> list[Path]:
    folder = REPOSITORY / "migrations"
    return [*folder.rglob("*.sql"), *folder.rglob("*.py")]
