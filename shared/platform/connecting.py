"""Ways to connect: a URL (tests, the local system, a proxy), or Cloud SQL's connector with IAM authentication."""

from __future__ import annotations

import os
import socket
import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import pg8000.dbapi
from sqlalchemy import make_url

from shared.platform.connection import PipelinedConnection
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.platform.settings import DatabaseSettings
    from shared.platform.wire import Counter

CLOUD_CONNECT_TIMEOUT = 8.0  # seconds; the connector's first connection asks Google for its certificates
CONNECT_TIMEOUT = 2.0  # seconds; with the pool's own wait a caller hears "unavailable" within 3 s
ANSWER_TIMEOUT = 10.0  # seconds without a byte; statement_timeout ends every statement before
STARTUP_PARAMETERS = {
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "search_path": "public",  # the vector type's operators; every other name is written with its schema
    "lock_timeout": "2000",
    "statement_timeout": "9500",
    "idle_in_transaction_session_timeout": "15000",
    "jit": "off",  # statements are short; compiling one takes longer than running it
}

_log = get_logger(__name__)


def opener(settings: DatabaseSettings, *, round_trips: Counter, connector: Any = None) -> Callable[[], Any]:
    """Return a function that opens a `PipelinedConnection` as the settings say; it raises pg8000's `InterfaceError`.

    `connector` is a `google.cloud.sql.connector.Connector`, made by `cloud_connector` when the settings need one.
    """
    arguments: dict[str, Any] = {
        "application_name": settings.k_service,
        "startup_params": STARTUP_PARAMETERS,
        "timeout": CONNECT_TIMEOUT,
    }
    if settings.database_url is not None:
        url = make_url(settings.database_url.get_secret_value())
        arguments |= url.translate_connect_args(username="user") | dict(url.query)
        connect = _connect_to_socket
    else:
        arguments |= {
            "instance_connection_string": settings.cloud_sql_instance,
            "driver": "pg8000",
            "user": settings.database_user,
            "db": settings.database_name,
            "enable_iam_auth": True,
            "ip_type": settings.cloud_sql_ip_type,
        }
        connect = partial(_within, connector.connect)

    def open_connection() -> PipelinedConnection:
        try:
            connection = connect(**arguments)
        except Exception as error:  # noqa: BLE001 (the connector alone raises a dozen kinds)
            refusal = _refusal_behind(error)
            sqlstate = refusal.args[0].get("C") if refusal else None
            _log.warning("no connection to the database", error=type(error).__name__, sqlstate=sqlstate)
            raise refusal or pg8000.dbapi.InterfaceError("network error while connecting") from None
        return PipelinedConnection.adopt(connection, answer_timeout=ANSWER_TIMEOUT, round_trips=round_trips)

    return open_connection


def _connect_to_socket(
    *, unix_sock: str | None = None, host: str = "localhost", port: str = "5432", **arguments: Any
) -> pg8000.dbapi.Connection:
    """Connect on a socket of our own, which is closed when the login fails (pg8000 leaves it open)."""
    if unix_sock is None:
        connected = socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a statement is one flush: never wait for more
    else:
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(CONNECT_TIMEOUT)
        arguments["ssl_context"] = False
    try:
        if unix_sock is not None:
            connected.connect(unix_sock)
        return pg8000.dbapi.connect(sock=connected, host=host, **arguments)
    except BaseException:
        if (descriptor := connected.detach()) >= 0:
            os.close(descriptor)
        raise


def cloud_connector(**options: Any) -> Any:
    """Return Cloud SQL's connector: certificates are fetched when a connection needs them, not in the background.

    An instance of a function that is not serving has no processor for a background refresh. `options` are for another
    Admin API than Google's.
    """
    from google.cloud.sql.connector import Connector  # noqa: PLC0415 (0.3 s that only the cloud needs)

    # The connector opens its sockets without a limit, and pg8000 logs in on them without one: what has no timeout of
    # its own shall have this. An adopted connection has its own.
    socket.setdefaulttimeout(CONNECT_TIMEOUT)
    return Connector(refresh_strategy="lazy", **options)


def _within(connect: Callable[..., Any], **arguments: Any) -> Any:
    """Call `connect`, or give it up after CLOUD_CONNECT_TIMEOUT; what it opens later is closed."""
    connecting: Future[Any] = Future()

    def work() -> None:
        try:
            connection = connect(**arguments)
        except BaseException as error:  # noqa: BLE001 (raised again where it is waited for)
            connecting.set_exception(error)
            return
        connecting.set_result(connection)

    threading.Thread(target=work, name="cloud-sql-connect", daemon=True).start()
    try:
        return connecting.result(CLOUD_CONNECT_TIMEOUT)
    except TimeoutError:
        connecting.add_done_callback(lambda late: late.exception() or late.result().close())
        raise


def _refusal_behind(error: BaseException | None) -> pg8000.dbapi.DatabaseError | None:
    """Return the server's refusal of a login, which pg8000 loses when its farewell to the server fails as well."""
    while error is not None and not isinstance(error, pg8000.dbapi.DatabaseError):
        error = error.__context__
    return error
