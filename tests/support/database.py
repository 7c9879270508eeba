"""One embedded PostgreSQL for a whole test run, a template that is migrated once, and a clone of it for each test.

The run's folder is made by the process that starts pytest and named in the environment, so that xdist's workers find
it; the first that needs a server starts it under a file lock, and the process that made the folder stops it and removes
it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pg8000.dbapi

from migrations import embedded
from migrations.run import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTGRES_VERSION = int(os.environ.get("TEST_POSTGRES_VERSION", "18"))
TENANT_CONTEXT_KEY = bytes(range(32))
LOGINS = {
    "application": "application_role",
    "intake": "intake_role",
    "worker": "worker_role",
    "maintenance": "maintenance_role",
}
_FOLDER_VARIABLE = "DEPARTMENTS_TEST_RUN"
_FOLDER_PREFIX = "departments-tests-"
_TEMPLATE = "departments_template"
_MEMORY_NEEDED_BYTES = 4 * 1024**3
# Nothing here has to survive a loss of power; locks and connections are for many partitions and many workers.
_SETTINGS = """
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = minimal
max_wal_senders = 0
max_connections = 300
max_locks_per_transaction = 256
checkpoint_timeout = 1h
jit = off
"""


@dataclass(frozen=True)
class Server:
    """A running embedded server; `socket` is its Unix socket."""

    version: int
    socket: str
    bin_path: Path

    def connect(self, *, user: str = "postgres", database: str = "postgres") -> Any:
        """A pg8000 connection in autocommit mode; the caller closes it."""
        connection = pg8000.dbapi.connect(user=user, unix_sock=self.socket, database=database)
        connection.autocommit = True
        return connection

    def url(self, *, user: str, database: str) -> str:
        """The SQLAlchemy URL of a database for one login."""
        return f"postgresql+pg8000://{user}@/{database}?unix_sock={self.socket}"

    def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement as the superuser."""
        with contextlib.closing(self.connect(database=database)) as connection:
            connection.cursor().execute(statement)


@dataclass(frozen=True)
class Database:
    """A migrated database. Logins: application, intake, worker, maintenance, owner_login and postgres (a superuser)."""

    name: str
    server: Server
    tenant_context_key: bytes

    def url(self, login: str) -> str:
        """The SQLAlchemy URL for `login`."""
        return self.server.url(user=login, database=self.name)

    def connect(self, login: str) -> Any:
        """A pg8000 connection as `login`, in autocommit mode; the caller closes it."""
        return self.server.connect(user=login, database=self.name)

    def superuser(self) -> Any:
        """A pg8000 connection past every policy and grant, in autocommit mode; the caller closes it."""
        return self.connect("postgres")


def create_run_folder() -> None:
    """Make the folder of this test run, unless this process is a worker of one that has made it."""
    if _FOLDER_VARIABLE in os.environ:
        return
    _sweep_abandoned_runs()
    folder = tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-", dir=_fastest_place())
    Path(folder).chmod(0o755)  # as root the server runs as a user of its own
    os.environ[_FOLDER_VARIABLE] = folder


def remove_run_folder() -> None:
    """Stop the servers of this run and remove its folder, if this process made it."""
    folder = Path(os.environ.get(_FOLDER_VARIABLE, ""))
    if folder.name.startswith(f"{_FOLDER_PREFIX}{os.getpid()}-"):
        del os.environ[_FOLDER_VARIABLE]
        _remove(folder)


def embedded_server(version: int = POSTGRES_VERSION, *, name: str = "shared") -> Server:
    """The run's server of this version and name, started when it is not running yet."""
    folder = Path(os.environ[_FOLDER_VARIABLE])
    with _locked(folder / f"{name}-{version}.lock"):
        return start_server(folder / f"{name}-{version}", version)


def start_server(data: Path, version: int) -> Server:
    """Start a server on the folder `data` (made when missing), or find it running."""
    running = embedded.start_server(data, version=version, settings=_SETTINGS)
    return Server(version, running.socket, running.bin_path)


def migrated_template(server: Server) -> str:
    """The name of the server's migrated template, made by the first caller."""
    with (
        _locked(Path(os.environ[_FOLDER_VARIABLE]) / "template.lock"),
        contextlib.closing(server.connect()) as connection,
    ):
        cursor = connection.cursor()
        cursor.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", (_TEMPLATE,))
        found = cursor.fetchone()
        if found is not None and found[0]:
            return _TEMPLATE
        if found is not None:  # its migration failed half-way
            cursor.execute(f"DROP DATABASE {_TEMPLATE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {_TEMPLATE}")
        migrate(server.url(user="postgres", database=_TEMPLATE), tenant_context_key=TENANT_CONTEXT_KEY)
        create_logins(cursor)
        cursor.execute(f"ALTER DATABASE {_TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")
    return _TEMPLATE


def create_logins(cursor: Any) -> None:
    """Make the logins that the roles lack, as a deployment does."""
    for login, role in (*LOGINS.items(), ("owner_login", "owner")):
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,))
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {login} LOGIN {'CREATEROLE' if role == 'owner' else ''}")
            cursor.execute(f"GRANT {role} TO {login}")


@contextlib.contextmanager
def cloned_database() -> Iterator[Database]:
    """A fresh copy of the migrated template, dropped afterwards."""
    server = embedded_server()
    template = migrated_template(server)
    name = f"test_{secrets.token_hex(6)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER owner_login STRATEGY FILE_COPY")
    try:
        yield Database(name, server, TENANT_CONTEXT_KEY)
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _fastest_place() -> Path:
    """Memory where there is enough of it: a clone is a thousand small files, 0.6 s on a disk and 0.04 s there."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder within has a random name and belongs to this user
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= _MEMORY_NEEDED_BYTES:
        return memory
    return Path(tempfile.gettempdir())


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sweep_abandoned_runs() -> None:
    """Remove the folders of runs whose process was killed before it could."""
    for folder in _fastest_place().glob(f"{_FOLDER_PREFIX}*"):
        pid = folder.name.removeprefix(_FOLDER_PREFIX).split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    for pid_file in folder.glob("*/postmaster.pid"):
        embedded.stop_server(pid_file.parent)
    shutil.rmtree(folder, ignore_errors=True)
