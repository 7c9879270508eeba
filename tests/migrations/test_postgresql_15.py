"""PostgreSQL 15 is not embedded. Where one is installed (without pgvector), all but the vectors is tried on it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pg8000.dbapi
import pytest

from migrations.chain import migration_files
from migrations.run import CLUSTER_FILE
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARIES = Path(os.environ.get("TEST_POSTGRES_15", "/usr/lib/postgresql/15/bin"))
pytestmark = pytest.mark.skipif(not (BINARIES / "initdb").exists(), reason="no PostgreSQL 15 is installed here")

_STAND_IN = (
    "CREATE DOMAIN public.vector AS text;"
    "CREATE FUNCTION public.vector_dims(public.vector) RETURNS integer LANGUAGE sql AS 'SELECT 1'"
)
_WITHOUT_VECTORS = (
    (r"CREATE EXTENSION vector SCHEMA public", "NULL"),
    (r"SET hnsw\.\w+ = \S+", ""),
    (r"\b(public\.)?vector\(1536\)", "text"),
    (r"GENERATED ALWAYS AS \(public\.binary_quantize\(embedding\)::bit\(1536\)\) STORED", ""),
    (r"USING hnsw \(embedding_bits public\.bit_hamming_ops\)", "(ordinal)"),
)


@pytest.fixture(scope="module")
def superuser() -> Iterator[Any]:
    user = "pgserver" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="departments-15-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        options = ["--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync"]
        subprocess.run([BINARIES / "initdb", *options, data], check=True, user=user, capture_output=True)
        command = [str(BINARIES / "postgres"), "-D", str(data), "-h", "", "-k", str(folder), "-F"]
        command += ["-c", "max_locks_per_transaction=256"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, user=user, stdout=log, stderr=log)
        try:
            with contextlib.closing(eventually(lambda: _connect(folder), within=30)) as connection:
                yield connection
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def _connect(folder: Path) -> Any:
    try:
        connection = pg8000.dbapi.connect(user="postgres", unix_sock=str(folder / ".s.PGSQL.5432"), database="postgres")
    except pg8000.dbapi.Error:
        return None
    connection.autocommit = True
    return connection


def test_every_statement_runs_on_15_with_a_stand_in_for_the_vector_type(superuser: Any) -> None:
    cursor = superuser.cursor()
    cursor.execute("SHOW server_version_num")
    assert cursor.fetchone()[0].startswith("15")
    cursor.execute(_STAND_IN)
    for file in [CLUSTER_FILE, *migration_files()]:
        script = file.read_text(encoding="utf-8")
        for pattern, stand_in in _WITHOUT_VECTORS:
            script = re.sub(pattern, stand_in, script, flags=re.IGNORECASE)
        # a function that computes with vectors cannot be read here; every other one is
        bodies = "off" if re.search(r"<=>|<#>|<~>|<\+>|binary_quantize|hnsw\.", script) else "on"
        cursor.execute(f"SET check_function_bodies = {bodies}")
        cursor.execute(script)
        cursor.execute("SET ROLE owner")
    cursor.execute("SELECT count(*) FROM platform.ensure_partitions()")
    assert cursor.fetchone()[0] >= 5
    cursor.execute(
        "SELECT public.create_monthly_partition('audit.activity_logs', '2031-05-20'), public.cleanup_old_data()"
    )
    cursor.execute("SELECT public.get_organization_metrics(gen_random_uuid())")
    assert cursor.fetchone()[0]["conversations"] == 0
