"""A database's URL as people write it, made into the one that the driver takes."""

from pathlib import PurePosixPath

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from infra.cli.language import say
from infra.cli.refusals import refused

DRIVER = "postgresql+pg8000"
_DEFAULT_PORT = 5432


def usable_url(text: str) -> URL:
    """Return the URL for pg8000.

    `postgresql://` and `postgres://` mean pg8000; a folder as `host`, as libpq writes it, means the socket in it.

    Raises:
        CommandFailed: it is not a URL of PostgreSQL with a database; the message never holds the URL, for its password.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise refused("database_url_unusable", reason=say("it is not a URL")) from None
    if url.drivername not in {"postgresql", "postgres", DRIVER}:
        raise refused("database_url_unusable", reason=say("{name} is not postgresql+pg8000", name=url.drivername))
    if not url.database:
        raise refused("database_url_unusable", reason=say("it names no database"))
    folder = url.query.get("host")
    if isinstance(folder, str) and folder.startswith("/"):
        socket = PurePosixPath(folder) / f".s.PGSQL.{url.port or _DEFAULT_PORT}"
        url = url.difference_update_query(["host"]).update_query_dict({"unix_sock": str(socket)}).set(port=None)
    return url.set(drivername=DRIVER)


def place_of(url: URL) -> str:
    """Return where the database is, for people: its name and host, never who logs in."""
    host = url.host or url.query.get("unix_sock") or "localhost"
    return f"{url.database} ({host})"
