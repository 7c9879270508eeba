"""Months: contiguous in UTC from any session, made once, and found by their bounds."""

from __future__ import annotations

import contextlib
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.migrations.months import month_after, month_bounds, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

ZONES = ("UTC", "America/Sao_Paulo", "Pacific/Kiritimati")
MONTHS = 120
_numbers = itertools.count()


@pytest.fixture
def superuser(shared_database: Database) -> Iterator[Any]:
    with contextlib.closing(shared_database.superuser()) as connection:
        yield connection


@pytest.fixture
def maintenance(shared_database: Database) -> Iterator[Any]:
    with contextlib.closing(shared_database.connect("maintenance")) as connection:
        yield connection


@pytest.fixture
def table(superuser: Any) -> Iterator[str]:
    """A registered table without a month, for this test alone."""
    yield from _scratch_table(superuser)


def _scratch_table(superuser: Any) -> Iterator[str]:
    name = f"platform.scratch_{'abcdefghijklmnopqrstuvwxyz'[next(_numbers) % 26]}"
    cursor = superuser.cursor()
    cursor.execute(
        f"CREATE TABLE {name} (id int, happened_at timestamptz NOT NULL, PRIMARY KEY (happened_at, id))"
        " PARTITION BY RANGE (happened_at)"
    )
    cursor.execute(f"ALTER TABLE {name} OWNER TO owner")
    cursor.execute("INSERT INTO platform.partitioned_tables (table_name) VALUES (%s)", (name,))
    yield name
    cursor.execute(f"DROP TABLE {name}")
    cursor.execute("DELETE FROM platform.partitioned_tables WHERE table_name = %s", (name,))


@settings(max_examples=4, deadline=None)
@given(year=st.integers(1995, 2040), month=st.integers(1, 12), day=st.integers(1, 28), order=st.randoms())
def test_ten_years_of_months_made_from_any_time_zone_have_no_gap_and_no_overlap(
    shared_database: Database, year: int, month: int, day: int, order: Any
) -> None:
    """Includes leap Februaries, the ends of years, and Brazil's daylight saving time."""
    with (
        contextlib.closing(shared_database.superuser()) as superuser,
        contextlib.closing(shared_database.connect("maintenance")) as maintenance,
        contextlib.contextmanager(_scratch_table)(superuser) as table,
    ):
        starts = [month_after(year, month, count) for count in range(MONTHS)]
        cursor = maintenance.cursor()
        for start in order.sample(starts, MONTHS):
            cursor.execute(f"SET TimeZone = '{order.choice(ZONES)}'")
            asked = date(start.year, start.month, day)
            cursor.execute("SELECT create_monthly_partition(%s, %s)", (table, asked))
        bounds = month_bounds(superuser, table)
        assert [start for start, _, _ in bounds] == starts
        assert [end for _, end, _ in bounds] == [month_after(year, month, count + 1) for count in range(MONTHS)]
        edge = bounds[7]
        superuser.cursor().execute(
            f"INSERT INTO {table} VALUES (1, %s), (2, %s)", (edge[0], edge[1] - timedelta(microseconds=1))
        )
        cursor = superuser.cursor()
        cursor.execute(f"SELECT DISTINCT tableoid::regclass::text FROM {table}")
        assert [row[0] for row in cursor.fetchall()] == [edge[2]]


@pytest.mark.parametrize("zone", ZONES)
def test_the_month_is_the_one_of_the_moment_in_utc(superuser: Any, table: str, zone: str) -> None:
    cursor = superuser.cursor()
    cursor.execute(f"SET TimeZone = '{zone}'")
    # 21:30 of 31 January in São Paulo is February in UTC
    cursor.execute("SELECT platform.attach_month(%s::regclass, '2024-01-31 21:30-03')::text", (table,))
    assert cursor.fetchone()[0] == f"{table}_2024_02"


def test_the_seed_s_way_leaves_a_hole_that_this_one_does_not(superuser: Any, table: str) -> None:
    """The control: bounds written as dates depend on the session's time zone."""
    cursor = superuser.cursor()
    for zone, bounds in (("UTC", ("2025-01-01", "2025-02-01")), ("America/Sao_Paulo", ("2025-02-01", "2025-03-01"))):
        cursor.execute(f"SET TimeZone = '{zone}'")
        name = f"{table}_{bounds[0][5:7]}"
        cursor.execute(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')")
    assert refused(superuser, f"INSERT INTO {table} VALUES (1, '2025-02-01 01:00+00')") == "23514"


def test_months_exist_from_the_last_one_to_three_ahead_after_a_migration(superuser: Any) -> None:
    cursor = superuser.cursor()
    cursor.execute("SELECT table_name FROM platform.partitioned_tables WHERE table_name NOT LIKE '%scratch%'")
    now = datetime.now(UTC)
    wanted = [month_after(now.year, now.month, count) for count in range(-1, 4)]
    tables = [row[0] for row in cursor.fetchall()]
    assert len(tables) >= 8
    for name in tables:
        assert [start for start, _, _ in month_bounds(superuser, name)][:5] == wanted, name


def test_a_job_that_was_silent_for_months_makes_all_that_is_missing(
    superuser: Any, maintenance: Any, table: str
) -> None:
    cursor = maintenance.cursor()
    cursor.execute("SELECT count(*) FROM platform.ensure_partitions(4, 6) AS p WHERE p::text LIKE %s", (f"{table}%",))
    assert cursor.fetchone()[0] == 11
    assert len(month_bounds(superuser, table)) == 11
    cursor.execute("SELECT count(*) FROM platform.ensure_partitions(4, 6)")
    assert len(month_bounds(superuser, table)) == 11


def test_callers_at_once_make_one_partition(shared_database: Database, superuser: Any, table: str) -> None:
    """P3."""
    start = threading.Barrier(6)

    def ask(_: int) -> str:
        with contextlib.closing(shared_database.connect("application")) as connection:
            cursor = connection.cursor()
            start.wait(10)
            cursor.execute("SELECT platform.ensure_partition(%s::regclass, now())::text", (table,))
            name: str = cursor.fetchone()[0]
            return name

    with ThreadPoolExecutor(6) as pool:
        names = set(pool.map(ask, range(6)))
    assert [name for _, _, name in month_bounds(superuser, table)] == list(names)


def test_a_stranger_s_table_with_the_name_of_a_month_is_a_loud_failure(
    superuser: Any, maintenance: Any, table: str
) -> None:
    """P3: the seed's IF NOT EXISTS would have done nothing, silently."""
    cursor = superuser.cursor()
    cursor.execute(f"CREATE TABLE {table}_2027_03 (note text)")
    ask = "SELECT create_monthly_partition(%s, '2027-03-01')"
    assert refused(maintenance, ask, table) == "42P07"
    assert month_bounds(superuser, table) == []
    cursor.execute(f"DROP TABLE {table}_2027_03")
    maintenance.cursor().execute(ask, (table,))
    assert len(month_bounds(superuser, table)) == 1


def test_a_month_under_another_name_is_found_by_itsmonth_bounds(superuser: Any, maintenance: Any, table: str) -> None:
    """The seed names months in two ways, `_y2025m01` and `_2025_01`."""
    cursor = superuser.cursor()
    cursor.execute("SET TimeZone = 'UTC'")
    cursor.execute(
        f"CREATE TABLE {table}_y2025m01 PARTITION OF {table} FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')"
    )
    maintenance.cursor().execute("SELECT create_monthly_partition(%s, '2025-01-20')", (table,))
    assert [name for _, _, name in month_bounds(superuser, table)] == [f"{table}_y2025m01"]


@pytest.mark.parametrize("bounds", ["FOR VALUES FROM ('2025-01-15') TO ('2025-02-15')", "DEFAULT"])
def test_a_partition_that_is_no_month_is_a_loud_failure(
    superuser: Any, maintenance: Any, table: str, bounds: str
) -> None:
    superuser.cursor().execute(f"CREATE TABLE {table}_odd PARTITION OF {table} {bounds}")
    assert refused(maintenance, "SELECT create_monthly_partition(%s, '2025-01-01')", table) == "42P17"


def test_an_insert_that_finds_no_month_makes_it_and_succeeds(
    shared_database: Database, superuser: Any, table: str
) -> None:
    """P1 and L-01, as the platform's data layer does it."""
    superuser.cursor().execute(f"GRANT SELECT, INSERT ON {table} TO application_role")
    insert = f"INSERT INTO {table} VALUES (1, now())"
    with contextlib.closing(shared_database.connect("application")) as connection:
        assert refused(connection, insert) == "23514"
        connection.cursor().execute("SELECT platform.ensure_partition(%s::regclass, now())", (table,))
        connection.cursor().execute(insert)
        cursor = connection.cursor()
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] == 1


@pytest.mark.parametrize(
    ("parent", "moment"),
    [
        ("platform.users", "now"),
        ("audit.activity_logs", "1999-01-01"),
        ("audit.activity_logs", "2399-01-01"),
        ("audit.activity_logs", "infinity"),
    ],
)
def test_no_partition_is_made_for_other_tables_or_far_away_moments(
    shared_database: Database, parent: str, moment: str
) -> None:
    with contextlib.closing(shared_database.connect("application")) as connection:
        ask = "SELECT platform.ensure_partition(%s::regclass, %s::timestamptz)"
        assert refused(connection, ask, parent, moment) == "22023"


def test_the_application_may_not_use_the_operators_functions(shared_database: Database) -> None:
    with contextlib.closing(shared_database.connect("application")) as connection:
        for call in (
            "create_monthly_partition('audit.activity_logs', '2031-01-01')",
            "cleanup_old_data()",
            "platform.ensure_partitions()",
            "platform.attach_month('audit.activity_logs', now())",
        ):
            assert refused(connection, f"SELECT {call}") == "42501", call
