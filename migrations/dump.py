"""Writes `schema.sql`: what the migrations build, as pg_dump prints it, the same on every machine and in every month.

`python -m migrations.dump` starts an embedded PostgreSQL 18 of its own, migrates an empty database and dumps it.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from migrations.embedded import start_server, stop_server
from migrations.run import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA_FILE = Path(__file__).parent / "schema.sql"
POSTGRES_VERSION = 18
_HEADER = "-- What the migrations build. Written by `make schema`: change migrations/sql, not this file.\n\n"
# the versions of the two programs, a random key against meta-commands, and settings of the session that reads it
_NOISE = re.compile(
    r"^(-- (Dumped (from|by)|PostgreSQL database dump).*|\\(un)?restrict .*|SET .*;|--)\n", re.MULTILINE
)
_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', '', false);\n"
_MONTHS = "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhparent WHERE relkind = 'p'"


def dump(url: str, pg_dump: Path) -> str:
    """The normalised schema of the migrated database at `url` (a SQLAlchemy URL of a superuser), without its months."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        months = connection.execute(text(_MONTHS)).scalars().all()
    parsed = make_url(url)
    socket = str(parsed.query["unix_sock"])
    command = [str(pg_dump), "--schema-only", "--host", str(Path(socket).parent), "--username", str(parsed.username)]
    command += [f"--exclude-table={month}" for month in months]
    printed = subprocess.run([*command, str(parsed.database)], check=True, capture_output=True, text=True)  # noqa: S603
    body = _NOISE.sub("", printed.stdout).replace(_SEARCH_PATH, "")
    return _HEADER + re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


@contextlib.contextmanager
def embedded_database() -> Iterator[tuple[str, Path]]:
    """An empty database on a server that lives as long as this context: its URL and the path of its pg_dump."""
    with tempfile.TemporaryDirectory(prefix="departments-schema-") as folder:
        Path(folder).chmod(0o755)  # as root the server runs as a user of its own
        data = Path(folder) / "data"
        server = start_server(data, version=POSTGRES_VERSION)
        try:
            yield f"postgresql+pg8000://postgres@/postgres?unix_sock={server.socket}", server.bin_path / "pg_dump"
        finally:
            stop_server(data)


def main() -> None:
    """Write the file."""
    with embedded_database() as (url, pg_dump):
        migrate(url)
        SCHEMA_FILE.write_text(dump(url, pg_dump), encoding="utf-8")
    sys.stdout.write(f"wrote {SCHEMA_FILE}\n")


if __name__ == "__main__":
    main()
