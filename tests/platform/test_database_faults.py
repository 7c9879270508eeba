"""What callers see when the network or the server fails: "unavailable", in time (B1 to B4)."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from shared.kit.errors import Unavailable
from shared.platform import connecting
from shared.platform import database as database_module
from shared.platform.database import connect
from shared.platform.settings import DatabaseSettings
from tests.support.database import Database as MigratedDatabase
from tests.support.database import embedded_server
from tests.support.proxy import Proxy
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.platform.database import Database
    from tests.platform.conftest import Open

IN_TIME = 3.0  # seconds within which callers hear of a network or a server that fails


@pytest.fixture
def proxy(shared_database: MigratedDatabase, tmp_path: Path) -> Iterator[Proxy]:
    """A network between the function and the server that fails on command."""
    opened = Proxy(shared_database.server.socket, tmp_path / "s")
    yield opened
    opened.close()


@pytest.fixture
def database(shared_database: MigratedDatabase, proxy: Proxy, open_database: Open) -> Database:
    """A pool of one connection through the proxy, as a superuser, with a table of notes."""
    direct = open_database(shared_database, "postgres")
    direct.system_once("CREATE TABLE IF NOT EXISTS public.notes (id uuid PRIMARY KEY)")
    through = open_database(shared_database, "postgres", pool_size=1, socket=proxy.path)
    through.system_once("SELECT 1")
    return through


def _terminate_all(database: MigratedDatabase) -> None:
    database.server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{database.name}' AND pid <> pg_backend_pid()"
    )


def test_a_connection_that_was_killed_while_idle_is_replaced_unnoticed(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    """B4: without a round trip to ask, because the server has said farewell."""
    database = open_database(shared_database, pool_size=2)
    for attempt in range(5):
        database.system_once("SELECT 1")
        before = database.round_trips
        _terminate_all(shared_database)
        time.sleep(0.05)  # the farewell needs a moment; one that comes later is the next test's
        assert database.system_once("SELECT CAST(:n AS int)", n=attempt)[0][0] == attempt
        assert database.round_trips - before <= 2
        _terminate_all(shared_database)
        time.sleep(0.05)
        with database.system() as session:
            assert session.execute(text("SELECT 1")).scalar() == 1


def test_a_stock_pool_shows_the_killed_connection_to_its_caller(shared_database: MigratedDatabase) -> None:
    """The negative control of the test above."""
    engine = create_engine(shared_database.url("application"), pool_size=1)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    _terminate_all(shared_database)
    time.sleep(0.05)
    with pytest.raises(DBAPIError), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()


def test_a_connection_that_was_idle_for_long_is_asked_first(
    shared_database: MigratedDatabase, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(shared_database, pool_size=1)
    database.system_once("SELECT 1")
    before = database.round_trips
    database.system_once("SELECT 1")
    assert database.round_trips - before == 1
    monkeypatch.setattr(database_module, "PING_AFTER_IDLE", -1.0)
    database.system_once("SELECT 1")
    assert database.round_trips - before == 3


def test_a_black_hole_under_an_idle_connection_is_found_and_left(
    shared_database: MigratedDatabase, open_database: Open, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B4: a NAT that dropped the connection without a word."""
    monkeypatch.setattr(connecting, "CONNECT_TIMEOUT", 0.5)
    database = open_database(shared_database, pool_size=1, socket=proxy.path)
    database.system_once("SELECT 1")
    monkeypatch.setattr(database_module, "PING_AFTER_IDLE", 0.2)
    monkeypatch.setattr(database_module, "PING_TIMEOUT", 0.3)
    proxy.black_hole()
    began = time.monotonic()
    time.sleep(0.25)
    with pytest.raises(Unavailable):
        database.system_once("SELECT 1")  # the ping fails, and so does the new connection
    assert time.monotonic() - began < IN_TIME
    proxy.heal()
    assert database.system_once("SELECT 1")[0][0] == 1


def test_a_black_hole_during_a_statement_ends_at_the_answer_s_timeout(
    shared_database: MigratedDatabase, proxy: Proxy, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "ANSWER_TIMEOUT", 0.5)
    monkeypatch.setattr(connecting, "CONNECT_TIMEOUT", 0.5)
    database = open_database(shared_database, pool_size=1, socket=proxy.path)
    database.system_once("SELECT 1")
    proxy.black_hole()
    for run in (lambda: database.system_once("SELECT 2"), lambda: _in_a_unit(database)):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            run()
        assert time.monotonic() - began < IN_TIME
    proxy.heal()
    assert database.system_once("SELECT 3")[0][0] == 3, "the silent connection was thrown away"


def _in_a_unit(database: Database) -> None:
    with database.system() as session:
        session.execute(text("SELECT 2"))


def test_no_timeout_is_longer_than_ten_seconds() -> None:
    assert connecting.ANSWER_TIMEOUT <= 10
    assert connecting.CONNECT_TIMEOUT + database_module.PING_TIMEOUT <= 3


def test_a_lost_answer_to_a_committed_statement_is_unavailable_and_its_repetition_finds_the_row(
    database: Database, proxy: Proxy
) -> None:
    """B3: the work is done and nobody was told."""
    note = uuid4()
    insert = "INSERT INTO public.notes VALUES (:id) ON CONFLICT DO NOTHING RETURNING id"
    proxy.drop_next_answer()
    with pytest.raises(Unavailable):
        database.system_once(insert, id=note)
    assert database.system_once(insert, id=note) == [], "the repetition found the key"
    assert database.system_once("SELECT count(*) FROM public.notes WHERE id = :id", id=note)[0][0] == 1


def test_a_lost_answer_to_commit_is_unavailable_and_the_unit_is_committed(database: Database, proxy: Proxy) -> None:
    """B3."""
    note = uuid4()

    def unit() -> None:
        with database.system() as session:
            session.execute(text("INSERT INTO public.notes VALUES (:id)"), {"id": note})
            proxy.drop_next_answer()

    with pytest.raises(Unavailable):
        unit()
    assert database.system_once("SELECT count(*) FROM public.notes WHERE id = :id", id=note)[0][0] == 1


def test_a_reset_in_the_middle_of_a_unit_rolls_it_back(database: Database, proxy: Proxy) -> None:
    note = uuid4()

    def unit() -> None:
        with database.system() as session:
            session.execute(text("INSERT INTO public.notes VALUES (:id)"), {"id": note})
            proxy.reset()
            session.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        unit()
    assert database.system_once("SELECT count(*) FROM public.notes WHERE id = :id", id=note)[0][0] == 0


def test_a_unit_that_swallows_the_loss_of_its_connection_does_not_go_on_without_its_context(
    database: Database, proxy: Proxy
) -> None:
    """What follows must not run on a fresh connection, outside the transaction and its tenant."""
    seen: list[object] = []

    def unit() -> None:
        with database.tenant(uuid4()) as session:
            session.execute(text("SELECT 1"))
            proxy.reset()
            for _ in range(2):
                try:
                    seen.append(session.execute(text("SELECT 2")).scalar())
                except Exception as error:  # noqa: BLE001 - the wrong thing to do, which is the point
                    seen.append(type(error).__name__)

    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever: it must not look committed
        unit()
    assert 2 not in seen


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGQUIT], ids=["fast shutdown", "crash"])
def test_a_server_that_is_down_is_unavailable_within_three_seconds_and_serves_again_after_its_start(
    open_database: Open, stop: signal.Signals
) -> None:
    """B1, B2: with a server of this test's own, which may be stopped."""
    server = embedded_server(name="stopped")
    database = open_database(MigratedDatabase("postgres", server, bytes(32)), "postgres", pool_size=2)
    database.system_once("SELECT 1")
    with database.system() as session:
        data_directory = Path(session.execute(text("SHOW data_directory")).scalar_one())

    os.kill(int((data_directory / "postmaster.pid").read_text().split()[0]), stop)
    eventually(lambda: not (data_directory / "postmaster.pid").exists() or stop == signal.SIGQUIT)
    eventually(lambda: not _accepts(server.socket))
    for run in (lambda: database.system_once("SELECT 1"), lambda: _in_a_unit(database)):
        began = time.monotonic()
        with pytest.raises(Unavailable) as unavailable:
            run()
        assert time.monotonic() - began < IN_TIME
        assert unavailable.value.retry_after > 0

    embedded_server(name="stopped")
    assert database.system_once("SELECT 1")[0][0] == 1
    _in_a_unit(database)


def _accepts(path: str) -> bool:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as knock:
        return knock.connect_ex(path) == 0


def test_a_server_on_a_port_is_reached_by_its_host(shared_database: MigratedDatabase) -> None:
    proxy = Proxy(shared_database.server.socket, None)
    url = f"postgresql+pg8000://application@127.0.0.1:{proxy.port}/{shared_database.name}"
    database = connect(DatabaseSettings.model_validate({"database_url": url}))
    assert database.system_once("SELECT current_user")[0][0] == "application"
    database.close()
    proxy.close()
    down = connect(DatabaseSettings.model_validate({"database_url": url}))
    with pytest.raises(Unavailable):
        down.system_once("SELECT 1")
    down.close()
