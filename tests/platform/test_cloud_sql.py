"""The connector of Cloud SQL, over a local Admin API and a TLS port: the same pipelined connection comes out."""

from __future__ import annotations

import base64
import gc
import socket
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from shared.kit.errors import Unavailable
from shared.platform import connecting
from shared.platform.connection import PipelinedConnection
from shared.platform.database import Database, connect
from shared.platform.settings import DatabaseSettings
from tests.support.cloud_sql import INSTANCE, CloudSql, LocalCredentials
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database as MigratedDatabase


@pytest.fixture
def cloud(shared_database: MigratedDatabase, tmp_path: Path) -> Iterator[CloudSql]:
    opened = CloudSql(shared_database.server.socket, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def database(shared_database: MigratedDatabase, cloud: CloudSql) -> Iterator[Database]:
    settings = DatabaseSettings.model_validate(
        {
            "cloud_sql_instance": INSTANCE,
            "database_user": "application",
            "database_name": shared_database.name,
            "tenant_context_key": base64.b64encode(shared_database.tenant_context_key).decode(),
        }
    )
    credentials: Any = LocalCredentials
    connector = connecting.cloud_connector(credentials=credentials(), sqladmin_api_endpoint=cloud.api)
    opened = connect(settings, connector=connector)
    yield opened
    opened.close()
    socket.setdefaulttimeout(None)
    connector._loop.close()  # noqa: SLF001 - it leaves that open, too
    del connector
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the connector leaves sockets of failed attempts open
        gc.collect()


def test_units_run_through_the_connector_in_as_many_round_trips_as_without_it(
    shared_database: MigratedDatabase, database: Database, cloud: CloudSql
) -> None:
    organization_id = make_organization(shared_database).organization_id
    rows = database.tenant_once(organization_id, "SELECT id, current_user AS login FROM platform.organizations")
    assert [(row.id, row.login) for row in rows] == [(organization_id, "application")]
    assert database.round_trips == 1
    with database.tenant(organization_id) as session:
        assert isinstance(session.connection.dbapi_connection, PipelinedConnection)
        assert session.execute(text("SELECT length(:t)"), {"t": "x" * 200_000}).scalar() == 200_000
        assert session.execute(text("SHOW lock_timeout")).scalar() == "2s"
    assert database.round_trips == 4
    assert [path.rpartition("/")[2] for path in cloud.requests] == [
        "connectSettings",
        "departments:generateEphemeralCert",
    ]


def test_a_killed_connection_is_replaced_unnoticed_also_behind_tls(
    shared_database: MigratedDatabase, database: Database
) -> None:
    """B4: TLS's own messages make a socket readable; only the server's silence to a ping ends a connection."""
    first = database.system_once("SELECT pg_backend_pid()")[0][0]
    assert database.system_once("SELECT pg_backend_pid()")[0][0] == first
    shared_database.server.execute(f"SELECT pg_terminate_backend({first})")
    time.sleep(0.1)
    assert database.system_once("SELECT pg_backend_pid()")[0][0] != first


def test_threads_connect_through_the_connector_at_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda n: _echo(database, n), range(40))) == sum(range(40))


def _echo(database: Database, number: int) -> int:
    echoed: int = database.system_once("SELECT CAST(:number AS int)", number=number)[0][0]
    return echoed


def test_an_instance_that_does_not_answer_is_unavailable(database: Database, cloud: CloudSql) -> None:
    cloud.close()
    began = time.monotonic()
    with pytest.raises(Unavailable):
        database.system_once("SELECT 1")
    assert time.monotonic() - began < connecting.CLOUD_CONNECT_TIMEOUT + 1


def test_a_connector_that_hangs_is_unavailable_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connector itself sets no limit to its calls of the Admin API."""
    monkeypatch.setattr(connecting, "CLOUD_CONNECT_TIMEOUT", 0.2)

    hanging, closed = threading.Event(), threading.Event()

    class Late:
        """A connection that nobody waits for any more."""

        def close(self) -> None:
            closed.set()

    class Hangs:
        def connect(self, **_: Any) -> Late:
            hanging.wait(20)
            return Late()

        def close(self) -> None:
            """Nothing is open."""

    settings = DatabaseSettings.model_validate(
        {"cloud_sql_instance": INSTANCE, "database_user": "x", "database_name": "x"}
    )
    database = connect(settings, connector=Hangs())
    with pytest.raises(Unavailable):
        database.system_once("SELECT 1")  # while the connector still hangs
    assert not closed.is_set()
    hanging.set()
    assert closed.wait(5), "what comes too late is closed"
    database.close()
