"""Brings the database of the settings to this version's schema and says what was applied."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from infra.cli.database_url import DRIVER, place_of, usable_url
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.refusals import refused
from infra.cli.screen import output, print_json
from shared.platform.connecting import cloud_connector
from shared.platform.settings import DatabaseSettings, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_AWAY = ("08", "3D", "53", "57", "58")  # SQLSTATE classes: connection, no such database, resources, operator, system


def migrate_database(*, url: str, ready_file: Path | None, as_json: bool) -> None:
    """Apply what is missing.

    Args:
        url: an owner's SQLAlchemy URL; empty: that of the local stack, or of the settings.
        ready_file: of a running local stack.
        as_json: print data.

    Raises:
        CommandFailed: no database is named, it cannot be reached, or it refuses.
        SettingsMissing: neither a URL nor the Cloud SQL settings are there.
    """
    ready = Installation.named(ready_file).ready
    if url or ready is not None:
        os.environ["DATABASE_URL"] = url or str(ready and ready["database"]["owner"])
    settings = load(DatabaseSettings)
    key = settings.tenant_context_key.get_secret_value() if settings.tenant_context_key else None
    where, apply = _target(settings, key)
    started = time.monotonic()
    applied = _applied(apply)
    seconds = time.monotonic() - started
    if as_json:
        print_json(
            {"database": where, "applied": applied, "tenant_context_key": key is not None, "seconds": round(seconds, 3)}
        )
        return
    _show(where, applied, seconds)
    if key is None:
        output().print(say("TENANT_CONTEXT_KEY is not set: the keys that sign the tenant context stay as they are"))


def _show(where: str, applied: list[str], seconds: float) -> None:
    console = output()
    for name in applied:
        console.print(f"  [green]+[/] {name}", highlight=False)
    if applied:
        console.print(
            say(
                "{where}: {count} migrations applied in {seconds:.1f} s",
                where=where,
                count=len(applied),
                seconds=seconds,
            )
        )
    else:
        console.print(say("{where}: nothing to do, the schema is that of this version", where=where))


def _target(settings: DatabaseSettings, key: bytes | None) -> "tuple[str, Callable[[], list[str]]]":
    """Say where the database is and how to migrate it."""
    if settings.database_url is None:
        return str(settings.cloud_sql_instance), lambda: _migrate_cloud_sql(settings, key)
    url = usable_url(settings.database_url.get_secret_value())
    from migrations.run import migrate  # Alembic takes half a second, which a wrong URL need not wait for

    return place_of(url), lambda: migrate(url.render_as_string(hide_password=False), tenant_context_key=key)


def _migrate_cloud_sql(settings: DatabaseSettings, key: bytes | None) -> list[str]:
    """Migrate over the connector itself: the functions' own connections end statements after seconds."""
    from migrations.run import migrate_engine

    connector = cloud_connector()
    engine = create_engine(
        f"{DRIVER}://",
        creator=lambda: connector.connect(
            settings.cloud_sql_instance,
            "pg8000",
            user=settings.database_user,
            db=settings.database_name,
            enable_iam_auth=True,
            ip_type=settings.cloud_sql_ip_type,
        ),
        poolclass=NullPool,
        hide_parameters=True,
    )
    try:
        return migrate_engine(engine, tenant_context_key=key)
    finally:
        engine.dispose()
        connector.close()


def _applied(apply: "Callable[[], list[str]]") -> list[str]:
    try:
        return apply()
    except (DBAPIError, OSError) as error:
        kind = "migration_refused" if _is_refusal(error) else "database_unreachable"
        raise refused(kind, reason=_words_of(error)) from error


def _is_refusal(error: Exception) -> bool:
    """Whether the server has understood: not so when it has no such database, is full, or is going away."""
    details = _server_words(error)
    return bool(details) and details.get("C", "")[:2] not in _AWAY


def _server_words(error: BaseException) -> dict[str, str]:
    """Return the fields of the server's own error message, also when the driver failed over it afterwards."""
    for cause in _causes(error):
        details = cause.args[0] if cause.args else None
        if isinstance(details, dict):
            return details
    return {}


def _causes(error: BaseException) -> "Iterator[BaseException]":
    cause: BaseException | None = getattr(error, "orig", None) or error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _words_of(error: BaseException) -> str:
    """Return the server's or the system's own words, without the statement."""
    if details := _server_words(error):
        return details.get("M", "")
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
