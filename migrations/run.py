"""Brings a database to the newest migration: safe to repeat, one at a time, as superuser or as the database's owner."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine

_DIRECTORY = Path(__file__).parent
CLUSTER_FILE = _DIRECTORY / "cluster.sql"
# any fixed number: whoever migrates this database waits for whoever does so already
_ADVISORY_LOCK = 4_857_203_116
_CLUSTER_ATTEMPTS = 10
# two databases of one cluster that migrate at once change the same roles: 'tuple concurrently updated' and kin
_CLUSTER_RACES = ("XX000", "23505", "42710", "40P01")
_HMAC_BLOCK_BYTES = 64
_SHORTEST_KEY_BYTES = 32
# Alembic keeps its context in the globals of a module
_one_chain_per_process = threading.Lock()


def migrate(url: str, *, tenant_context_key: bytes | None = None, revision: str = "head") -> list[str]:
    """Apply what is missing and return the names of the files that were applied, in order.

    `url` is a SQLAlchemy URL of a superuser or of the database's owner with CREATEROLE (then the vector extension has
    to be there already). `tenant_context_key` (32 bytes) becomes one of the keys that sign the tenant context; None
    leaves them as they are. `revision` is the number of the last file to apply. Errors are SQLAlchemy's, and
    ValueError for a key that could be guessed; a migration that fails changes nothing.
    """
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+pg8000")
    engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True)
    try:
        return migrate_engine(engine, tenant_context_key=tenant_context_key, revision=revision)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine, *, tenant_context_key: bytes | None = None, revision: str = "head") -> list[str]:
    """As `migrate`, over an engine that somebody else made (the Cloud SQL connector's)."""
    if tenant_context_key is not None and len(tenant_context_key) < _SHORTEST_KEY_BYTES:
        raise ValueError(f"a tenant context key has {_SHORTEST_KEY_BYTES} bytes or more, not {len(tenant_context_key)}")
    applied: list[str] = []
    with engine.connect() as connection:
        try:
            # a session's lock: it survives the transactions between, and ends with the connection at the latest
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            connection.commit()
            _prepare_cluster(connection)
            _become_owner(connection)
            _run_chain(connection, revision, lambda step, **_: applied.append(Path(step.up_revision.path).name))
            if tenant_context_key is not None:
                add_context_key(connection, tenant_context_key)
            connection.execute(text("SELECT platform.ensure_partitions()"))
            connection.commit()
        finally:
            # a pooled connection must not keep the role, the settings and the lock
            connection.invalidate()
    return applied


def add_context_key(connection: Connection, key: bytes) -> str:
    """Make `key` one of the keys that sign the tenant context; return its id. Keys that are there stay active."""
    block = (hashlib.sha256(key).digest() if len(key) > _HMAC_BLOCK_BYTES else key).ljust(_HMAC_BLOCK_BYTES, b"\0")
    key_id = hashlib.sha256(b"tenant context key " + key).hexdigest()[:16]
    connection.execute(
        text(
            "INSERT INTO platform.context_keys (id, inner_pad, outer_pad) VALUES (:id, :inner_pad, :outer_pad)"
            " ON CONFLICT (id) DO UPDATE SET retired_at = NULL"
        ),
        {"id": key_id, "inner_pad": bytes(b ^ 0x36 for b in block), "outer_pad": bytes(b ^ 0x5C for b in block)},
    )
    return key_id


def _prepare_cluster(connection: Connection) -> None:
    statements = CLUSTER_FILE.read_text(encoding="utf-8")
    for attempt in range(1, _CLUSTER_ATTEMPTS + 1):
        try:
            connection.exec_driver_sql(statements)
            connection.commit()
        except DBAPIError as failure:
            connection.rollback()
            if attempt == _CLUSTER_ATTEMPTS or _sqlstate(failure) not in _CLUSTER_RACES:
                raise
            time.sleep(0.05 * attempt)
        else:
            return


def _become_owner(connection: Connection) -> None:
    connection.exec_driver_sql("SET ROLE owner")
    connection.exec_driver_sql("SET search_path = public")
    # A migration that waits for a lock makes everybody behind it wait as well.
    connection.exec_driver_sql("SET lock_timeout = '5s'")
    connection.exec_driver_sql("SET statement_timeout = '10min'")
    connection.commit()


def _run_chain(connection: Connection, revision: str, on_version_apply: Callable[..., None]) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(_DIRECTORY))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["connection"] = connection
    configuration.attributes["on_version_apply"] = on_version_apply
    with _one_chain_per_process:
        command.upgrade(configuration, revision)
    connection.commit()


def _sqlstate(failure: DBAPIError) -> str | None:
    details: Any = failure.orig.args[0] if failure.orig is not None and failure.orig.args else None
    return details.get("C") if isinstance(details, dict) else None
