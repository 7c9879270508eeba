"""A value that Python cannot send or read must never shift the answers of the next borrower of the connection (B7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from shared.platform.database_errors import ValueRefused, discard_after_other_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.platform.conftest import Open
    from tests.support.database import Database as MigratedDatabase

# what makes Python raise in the middle of a statement: statement, its value
CANARIES = {
    "a lone surrogate is bound": ("SELECT CAST(:value AS text)", "\ud800"),
    "jsonb of 5,000 levels is read": ("SELECT CAST(repeat('[', 5000) || repeat(']', 5000) AS jsonb), :value", "x"),
    "a number of 5,000 digits is read": ("SELECT CAST(repeat('9', 5000) AS jsonb), :value", "x"),
    "the time 24:00:00 is read": ("SELECT CAST('24:00:00' AS time), :value", "x"),
    "an array with bounds is read": ("SELECT CAST('[2:3]={1,2}' AS int[]), :value", "x"),
}
AFTERWARDS = 8


@pytest.fixture
def stock_engine(shared_database: MigratedDatabase) -> Iterator[Engine]:
    """SQLAlchemy's own pg8000 engine with one connection."""
    engine = create_engine(shared_database.url("application"), pool_size=1, max_overflow=0, hide_parameters=True)
    yield engine
    engine.dispose()


def _wrong_answers(engine: Engine, statement: str, value: str) -> int:
    """How many of the statements after the accident get another answer than their own."""
    with pytest.raises((UnicodeEncodeError, RecursionError, ValueError)), engine.begin() as connection:
        connection.execute(text(statement), {"value": value}).all()
    wrong = 0
    for number in range(AFTERWARDS):
        try:
            with engine.begin() as connection:
                answer = connection.execute(text("SELECT CAST(:number AS int)"), {"number": number}).scalar()
        except Exception:  # noqa: BLE001 - a shifted connection raises all kinds of things
            answer = None
        wrong += answer != number
    return wrong


@pytest.mark.parametrize("canary", CANARIES)
def test_stock_pg8000_hands_out_a_shifted_connection_without_the_listener(stock_engine: Engine, canary: str) -> None:
    """The negative control: the accident is real, so that the tests below mean something."""
    assert _wrong_answers(stock_engine, *CANARIES[canary]) > 0


@pytest.mark.parametrize("canary", CANARIES)
def test_stock_pg8000_never_does_with_the_listener(stock_engine: Engine, canary: str) -> None:
    event.listen(stock_engine, "handle_error", discard_after_other_errors)
    assert _wrong_answers(stock_engine, *CANARIES[canary]) == 0


@pytest.mark.parametrize("canary", CANARIES)
def test_our_connection_answers_rightly_after_the_accident(
    shared_database: MigratedDatabase, open_database: Open, canary: str
) -> None:
    database = open_database(shared_database, pool_size=1)
    pid = database.system_once("SELECT pg_backend_pid()")[0][0]
    statement, value = CANARIES[canary]

    for _ in range(3):
        with pytest.raises(ValueRefused):
            database.system_once(statement, value=value)
        with pytest.raises(ValueRefused), database.system() as session:
            session.execute(text(statement), {"value": value})
    answers = [database.system_once("SELECT CAST(:number AS int)", number=number)[0][0] for number in range(AFTERWARDS)]

    assert answers == list(range(AFTERWARDS))
    assert database.system_once("SELECT pg_backend_pid()")[0][0] == pid, "the connection is unharmed, not replaced"


def test_an_accident_in_a_unit_rolls_it_back_and_leaves_the_next_tenant_alone(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database, "postgres", pool_size=1)
    database.system_once("CREATE TABLE IF NOT EXISTS public.accidents (note text)")

    def two_notes() -> None:
        with database.system() as session:
            for note in ("before", "\udfff"):
                session.execute(text("INSERT INTO public.accidents VALUES (:note)"), {"note": note})

    with pytest.raises(ValueRefused):
        two_notes()
    assert database.system_once("SELECT count(*) FROM public.accidents")[0][0] == 0


def test_a_stranger_s_exception_during_a_statement_ends_its_connection(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    """Whatever is raised between the first byte sent and the last byte read: the connection is not used again."""
    database = open_database(shared_database, pool_size=1)

    class Alarm(BaseException):
        """Such as a timeout that is raised inside a thread."""

    used: list[Any] = []

    def interrupted() -> None:
        with database.system() as session:
            used.append(session.connection.dbapi_connection)
            used[0].message_types[b"N"] = _raise(Alarm)
            session.execute(text("DO $$ BEGIN RAISE WARNING 'now'; END $$"))

    with pytest.raises(Alarm):
        interrupted()
    assert not used[0].is_usable
    assert [row[0] for row in database.system_once("SELECT 7")] == [7]


def _raise(kind: type[BaseException]) -> object:
    def handler(_data: bytes, _context: object) -> None:
        raise kind

    return handler
