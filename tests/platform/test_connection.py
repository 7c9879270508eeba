from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pg8000.dbapi
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pg8000.dbapi import DatabaseError, DataError, InterfaceError

from shared.platform import connection as connection_module
from shared.platform.connection import PipelinedConnection
from shared.platform.wire import Counter
from tests.support.database import embedded_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database as MigratedDatabase


@pytest.fixture
def connection(shared_database: MigratedDatabase) -> Iterator[PipelinedConnection]:
    opened = _connect(shared_database)
    yield opened
    opened.close()


def _connect(database: MigratedDatabase) -> PipelinedConnection:
    stock = pg8000.dbapi.connect("postgres", unix_sock=database.server.socket, database=database.name)
    return PipelinedConnection.adopt(stock, answer_timeout=10, round_trips=Counter())


def _statements_on_server(connection: PipelinedConnection) -> set[str]:
    rows = connection.run_alone("SELECT statement FROM pg_prepared_statements", ()).rows
    return {row[0] for row in rows}


def test_each_statement_waits_once_whether_it_is_new_or_known(connection: PipelinedConnection) -> None:
    for expected in (1, 2, 3):
        assert connection.run_alone("SELECT $1::int + 1", (expected,)).rows == [[expected + 1]]
        assert connection.round_trips.value == expected


def test_begin_the_opening_and_the_first_statement_travel_together(connection: PipelinedConnection) -> None:
    connection.opening = ("SELECT set_config('app.note', $1, true)", ("mine",))
    note = "SELECT current_setting('app.note', true)"
    assert connection.run(note).rows == [["mine"]]
    assert connection.round_trips.value == 1
    assert connection.run(note).rows == [["mine"]]
    assert connection.round_trips.value == 2
    connection.commit()
    assert connection.round_trips.value == 3
    connection.opening = None
    assert connection.run(note).rows == [[""]], "the opening's setting ended with its transaction"


def test_commit_and_rollback_without_a_transaction_make_no_traffic(connection: PipelinedConnection) -> None:
    connection.commit()
    connection.rollback()
    connection.run_alone("SELECT 1", ())
    connection.commit()
    connection.rollback()
    assert connection.round_trips.value == 1


def test_a_lone_statement_and_what_goes_before_it_are_one_transaction(
    connection: PipelinedConnection, shared_database: MigratedDatabase
) -> None:
    before = ("SELECT set_config('app.note', $1, true)", ("mine",))
    assert connection.run_alone("SELECT current_setting('app.note', true)", (), before).rows == [["mine"]]
    assert connection.run_alone("SELECT current_setting('app.note', true)", ()).rows == [[""]]
    connection.run_alone("CREATE TABLE public.lone (n int)", ())
    with pytest.raises(DatabaseError):
        connection.run_alone("SELECT 1/$1::int", (0,), ("INSERT INTO public.lone VALUES ($1)", (1,)))
    connection.run_alone("INSERT INTO public.lone VALUES ($1)", (2,))
    other = _connect(shared_database)
    assert other.run_alone("SELECT n FROM public.lone", ()).rows == [[2]]
    other.close()


def test_an_error_before_the_statement_keeps_it_from_running(connection: PipelinedConnection) -> None:
    connection.run_alone("CREATE SEQUENCE public.runs", ())
    with pytest.raises(DatabaseError) as refused:
        connection.run_alone("SELECT nextval('public.runs')", (), ("SELECT 1/$1::int", (0,)))
    assert refused.value.args[0]["C"] == "22012"
    assert connection.run_alone("SELECT is_called FROM public.runs", ()).rows == [[False]]


def test_an_error_leaves_the_transaction_failed_until_it_is_rolled_back(connection: PipelinedConnection) -> None:
    with pytest.raises(DatabaseError):
        connection.run("SELECT 1/$1::int", (0,))
    with pytest.raises(DatabaseError) as second:
        connection.run("SELECT 1")
    assert second.value.args[0]["C"] == "25P02"
    with pytest.raises(DatabaseError) as commit:
        connection.commit()
    assert commit.value.args[0]["C"] == "25P02", "a failed transaction must not look committed"
    assert connection.run("SELECT 1").rows == [[1]]


def test_a_deferred_constraint_that_fails_at_the_end_is_an_error_of_the_lone_statement(
    connection: PipelinedConnection,
) -> None:
    connection.run_alone("CREATE TABLE public.parents (id int PRIMARY KEY)", ())
    connection.run_alone(
        "CREATE TABLE public.children (id int REFERENCES public.parents DEFERRABLE INITIALLY DEFERRED)", ()
    )
    with pytest.raises(DatabaseError) as refused:
        connection.run_alone("INSERT INTO public.children VALUES ($1) RETURNING id", (1,))
    assert refused.value.args[0]["C"] == "23503"
    assert connection.run_alone("SELECT count(*) FROM public.children", ()).rows == [[0]]


def test_statements_are_prepared_once_and_the_least_used_are_dropped(
    connection: PipelinedConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "STATEMENTS_KEPT", 3)
    for number in (1, 2, 3, 1, 4):
        connection.run_alone(f"SELECT {number}", ())
    connection.run_alone("SELECT 5", ())
    kept = _statements_on_server(connection)
    assert {"SELECT 1", "SELECT 4", "SELECT 5"} <= kept
    assert kept.isdisjoint({"SELECT 2", "SELECT 3"}), "closed on the server with a later statement"
    assert connection.round_trips.value == 7, "closing took no round trip of its own"


def test_a_statement_whose_table_changes_fails_once_and_works_again(connection: PipelinedConnection) -> None:
    connection.run_alone("CREATE TABLE public.changing (a int)", ())
    connection.run_alone("INSERT INTO public.changing VALUES (1)", ())
    assert connection.run_alone("SELECT * FROM public.changing", ()).rows == [[1]]
    connection.run_alone("ALTER TABLE public.changing ADD COLUMN b text DEFAULT 'new'", ())
    with pytest.raises(DatabaseError) as stale:
        connection.run_alone("SELECT * FROM public.changing", ())
    assert stale.value.args[0]["C"] == "0A000"
    assert connection.run_alone("SELECT * FROM public.changing", ()).rows == [[1, "new"]]


def test_a_statement_that_the_server_forgot_fails_once_and_works_again(connection: PipelinedConnection) -> None:
    connection.run_alone("SELECT 41 + $1::int", (1,))
    connection.run_alone("DISCARD ALL", ())
    with pytest.raises(DatabaseError) as gone:
        connection.run_alone("SELECT 41 + $1::int", (1,))
    assert gone.value.args[0]["C"] == "26000"
    assert connection.run_alone("SELECT 41 + $1::int", (1,)).rows == [[42]]


def test_a_syntax_error_is_not_remembered(connection: PipelinedConnection) -> None:
    for _ in range(2):
        with pytest.raises(DatabaseError) as wrong:
            connection.run_alone("SELEKT 1", ())
        assert wrong.value.args[0]["C"] == "42601"
    assert "SELEKT 1" not in _statements_on_server(connection)


def test_many_sets_of_values_go_in_one_flush(connection: PipelinedConnection) -> None:
    connection.run_alone("CREATE TABLE public.many (n int, t text)", ())
    before = connection.round_trips.value
    sets = [(number, "x" * 1000) for number in range(2000)]
    assert connection.run_many("INSERT INTO public.many VALUES ($1, $2)", sets).row_count == 2000
    assert connection.round_trips.value == before + 1
    connection.commit()
    assert connection.run_alone("SELECT count(*), sum(n) FROM public.many", ()).rows == [[2000, 1999000]]
    assert connection.run_many("INSERT INTO public.many VALUES ($1, $2)", []).row_count == -1


def test_many_sets_of_values_are_all_refused_with_one(connection: PipelinedConnection) -> None:
    connection.run_alone("CREATE TABLE public.numbers (n int PRIMARY KEY)", ())
    with pytest.raises(DatabaseError):
        connection.run_many("INSERT INTO public.numbers VALUES ($1)", [(1,), (2,), (1,), (3,)])
    connection.rollback()
    assert connection.run_alone("SELECT count(*) FROM public.numbers", ()).rows == [[0]]


VALUES = [
    ("text", "olá \u2028 \N{PILE OF POO} 'quoted' \"double\" \\ %s $1 :x"),
    ("text", ""),
    ("text[]", ["null", "NULL", "", None, 'a"b', "c\\d", "{e,f}", " g ", "\N{SNOWMAN}"]),
    ("text[]", []),
    ("int[]", [[1, 2], [3, 4]]),
    ("bytea", bytes(range(256))),
    ("bytea", b""),
    ("uuid", UUID("0190f5a4-0000-7000-8000-000000000001")),
    ("bigint", -(2**63)),
    ("boolean", True),
    ("jsonb", {"a": [1, None, "x"]}),
    ("timestamptz", datetime(2026, 2, 28, 23, 59, 59, 999999, UTC)),
    ("timestamptz", datetime(2000, 1, 1, tzinfo=UTC)),
    ("date", date(2024, 2, 29)),
    ("timestamptz", "infinity"),
    ("date", "infinity"),
    ("text", None),
]


@pytest.mark.parametrize(("type_name", "value"), VALUES)
def test_values_come_back_as_they_went(connection: PipelinedConnection, type_name: str, value: object) -> None:
    assert connection.run_alone(f"SELECT $1::{type_name}", (value,)).rows == [[value]]


def test_large_values_pass_both_ways(connection: PipelinedConnection) -> None:
    large = "á" * 3_000_000
    assert connection.run_alone("SELECT $1::text, length($1::text)", (large,)).rows == [[large, 3_000_000]]
    rows = connection.run_alone("SELECT n, repeat('x', 100) FROM generate_series(1, 20000) AS n", ()).rows
    assert [row[0] for row in rows] == list(range(1, 20001))


def test_too_many_values_are_refused_before_a_byte_is_sent(connection: PipelinedConnection) -> None:
    with pytest.raises(DataError):
        connection.run_alone("SELECT 1", ["x"] * 65536)
    assert connection.round_trips.value == 0
    assert connection.run_alone("SELECT 1", ()).rows == [[1]]


def test_copy_without_a_stream_is_an_error_and_not_a_hang(connection: PipelinedConnection) -> None:
    connection.run_alone("CREATE TABLE public.copied (n int)", ())
    with pytest.raises(DatabaseError):
        connection.run_alone("COPY public.copied FROM STDIN", ())
    connection.run_alone("COPY (SELECT 1) TO STDOUT", ())
    assert connection.run_alone("SELECT 1", ()).rows == [[1]]


def test_copy_with_a_stream_works_in_the_transaction(connection: PipelinedConnection) -> None:
    connection.run("CREATE TABLE public.streamed (n int)")
    cursor = connection.cursor()
    cursor.execute("COPY public.streamed FROM STDIN", stream=io.BytesIO(b"1\n2\n"))
    out = io.BytesIO()
    cursor.execute("COPY public.streamed TO STDOUT", stream=out)
    connection.commit()
    assert out.getvalue() == b"1\n2\n"
    assert connection.run_alone("SELECT sum(n) FROM public.streamed", ()).rows == [[3]]


def test_an_error_during_copy_ends_the_connection(connection: PipelinedConnection) -> None:
    connection.run("CREATE TABLE public.broken (n int)")
    with pytest.raises(DatabaseError):
        connection.cursor().execute("COPY public.broken FROM STDIN", stream=io.BytesIO(b"no number\n"))
    assert not connection.is_usable
    with pytest.raises(InterfaceError, match="connection is closed"):
        connection.run("SELECT 1")


def test_a_notice_between_answers_is_harmless(connection: PipelinedConnection) -> None:
    connection.run_alone("DO $$ BEGIN RAISE NOTICE 'hello'; END $$", ())
    connection.run_alone("SET application_name = 'renamed'", ())
    assert connection.run_alone("SELECT 1", ()).rows == [[1]]
    assert connection.parameter_statuses["application_name"] == "renamed"


def test_a_cursor_speaks_db_api(connection: PipelinedConnection) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT $1::int AS n, $2::text AS t", (1, "x"))
    assert [column[0] for column in cursor.description] == ["n", "t"]
    assert cursor.fetchone() == [1, "x"]
    assert cursor.fetchone() is None
    cursor.executemany("SELECT $1::int", [(1,), (2,)])
    assert cursor.rowcount == 2
    cursor.close()
    with pytest.raises(InterfaceError, match="Cursor closed"):
        cursor.execute("SELECT 1")


def test_closing_twice_or_after_the_server_has_gone_is_quiet(shared_database: MigratedDatabase) -> None:
    connection = _connect(shared_database)
    pid = connection.run_alone("SELECT pg_backend_pid()", ()).rows[0][0]
    assert connection.has_arrivals is False
    shared_database.server.execute(f"SELECT pg_terminate_backend({pid})")
    eventually(lambda: connection.has_arrivals)  # the server's farewell is seen without asking
    assert connection.answers(within=1) is False
    connection.close()
    connection.close()
    assert not connection.is_usable


def test_an_error_has_no_field_that_could_quote_a_value(connection: PipelinedConnection) -> None:
    connection.run_alone("CREATE TABLE public.named (email text CONSTRAINT named_once UNIQUE)", ())
    connection.run_alone("INSERT INTO public.named VALUES ($1)", ("canary@example.com",))
    for sql, value, sqlstate in (
        ("INSERT INTO public.named VALUES ($1)", "canary@example.com", "23505"),
        ("SELECT $1::uuid", "canary@example.com", "22P02"),
        ("SELECT $1::jsonb", "{canary", "22P02"),
        ("DO $$ BEGIN RAISE EXCEPTION 'canary of a function'; END $$", None, "P0001"),
    ):
        with pytest.raises(DatabaseError) as refused:
            connection.run_alone(sql, () if value is None else (value,))
        assert refused.value.args[0]["C"] == sqlstate
        assert "canary" not in repr(refused.value)
        assert "canary" not in repr(refused.value.__context__)
    assert connection.run_alone("SELECT 1", ()).rows == [[1]]


def test_an_error_of_the_program_s_own_sql_keeps_its_message(connection: PipelinedConnection) -> None:
    with pytest.raises(DatabaseError) as wrong:
        connection.run_alone("SELECT no_such_column", ())
    assert "no_such_column" in wrong.value.args[0]["M"]


@given(some.lists(some.none() | some.text(some.characters(exclude_characters="\0")), max_size=8))
def test_any_text_and_any_array_of_text_come_back(values: list[str | None]) -> None:
    connection = _shared_connection()
    for value in values:
        assert connection.run_alone("SELECT $1::text", (value,)).rows == [[value]]
    assert connection.run_alone("SELECT $1::text[]", (values,)).rows == [[values]]


_kept: list[PipelinedConnection] = []


def _shared_connection() -> PipelinedConnection:
    """One connection for all examples; hypothesis takes no fixtures of a test's own."""
    if not _kept:
        stock = pg8000.dbapi.connect("postgres", unix_sock=embedded_server().socket, database="postgres")
        _kept.append(PipelinedConnection.adopt(stock, answer_timeout=10, round_trips=Counter()))
    return _kept[0]


@pytest.fixture(scope="module", autouse=True)
def closing() -> Iterator[None]:
    """Close that connection."""
    yield
    for connection in _kept:
        connection.close()
    _kept.clear()
