from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.kit.errors import Unavailable
from shared.platform import connecting
from shared.platform import database as database_module
from shared.platform.database import connect
from shared.platform.database_errors import ConstraintViolated, StatementFailed, TryAgain, ValueRefused
from shared.platform.role_check import RoleRefused, check_role
from shared.platform.settings import DatabaseSettings
from tests.support.tenants import make_organization
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.platform.conftest import Open
    from tests.support.database import Database as MigratedDatabase

OWN_ROWS = "SELECT id FROM platform.organizations"


def test_a_unit_costs_as_many_round_trips_as_its_statements_and_the_commit(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database)
    organization_id = make_organization(shared_database).organization_id
    database.tenant_once(organization_id, OWN_ROWS)

    def cost(unit: Any) -> int:
        before = database.round_trips
        unit()
        return database.round_trips - before

    def two_statements() -> None:
        with database.tenant(organization_id) as session:
            session.execute(text(OWN_ROWS))
            session.execute(text("SELECT 1"))

    def no_statement() -> None:
        with database.tenant(organization_id):
            pass

    assert cost(lambda: database.tenant_once(organization_id, OWN_ROWS)) == 1
    assert cost(lambda: database.tenant_once(organization_id, "SELECT CAST(:new AS int)", new=1)) == 1
    assert cost(lambda: database.system_once("SELECT 2")) == 1
    assert cost(two_statements) == 3
    assert cost(no_statement) == 0


def test_the_first_connection_asks_no_question_of_its_own(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database)
    database.system_once("SELECT 1")
    with database.system() as session:
        session.execute(text("SELECT 1"))
    assert database.round_trips == 3


def test_a_tenant_sees_its_own_rows_and_the_next_borrower_of_the_connection_sees_none(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    """T-02: the context ends with its transaction, whether it commits, rolls back or fails."""
    database = open_database(shared_database, pool_size=1)
    first, second = (make_organization(shared_database).organization_id for _ in range(2))

    def seen() -> list[Any]:
        return [row.id for row in database.system_once(OWN_ROWS)]

    assert [row.id for row in database.tenant_once(first, OWN_ROWS)] == [first]
    assert seen() == []
    with database.tenant(second) as session:
        assert session.execute(text(OWN_ROWS)).scalars().all() == [second]
    assert seen() == []
    with pytest.raises(ValueRefused), database.tenant(second) as session:
        session.execute(text("SELECT 1/0"))
    assert seen() == []
    with pytest.raises(ZeroDivisionError), database.tenant(second):
        _ = 1 / 0
    assert seen() == []
    with database.system() as bare_session:
        assert bare_session.execute(text(OWN_ROWS)).all() == []
    assert database.tenant_once(uuid4(), OWN_ROWS) == []


def test_the_signature_never_shows_in_the_activity_of_the_server(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database)
    organization_id = make_organization(shared_database).organization_id
    with database.tenant(organization_id) as session:
        session.execute(text("SELECT 1"))
        superuser = shared_database.superuser()
        cursor = superuser.cursor()
        cursor.execute("SELECT query FROM pg_stat_activity WHERE datname = %s", (shared_database.name,))
        shown = " ".join(row[0] or "" for row in cursor.fetchall())
        superuser.close()
    assert str(organization_id) not in shown


def test_a_unit_commits_at_its_end_and_rolls_back_on_any_exception(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database)
    organization_id = make_organization(shared_database).organization_id
    rename = text("UPDATE platform.organizations SET name = :name")
    with database.tenant(organization_id) as session:
        session.execute(rename, {"name": "kept"})

    def give_up_half_way() -> None:
        with database.tenant(organization_id) as session:
            session.execute(rename, {"name": "lost"})
            raise KeyError

    with pytest.raises(KeyError):
        give_up_half_way()
    assert database.tenant_once(organization_id, "SELECT name FROM platform.organizations")[0].name == "kept"


def test_a_savepoint_lets_a_unit_go_on_after_a_refused_row(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database)
    organization_id = make_organization(shared_database).organization_id
    with database.tenant(organization_id) as session:
        with pytest.raises(ConstraintViolated), session.begin_nested():
            session.execute(text("UPDATE platform.organizations SET billing_status = 'nonsense'"))
        session.execute(text("UPDATE platform.organizations SET name = 'after'"))
    assert database.tenant_once(organization_id, "SELECT name FROM platform.organizations")[0].name == "after"


def test_rows_have_names_and_statements_without_rows_give_none(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database, "postgres")
    (row,) = database.system_once("SELECT 1 AS one, CAST(:two AS text) AS two, '100%' AS all", two="2")
    assert (row.one, row.two, row.all) == (1, "2", "100%")
    assert row._asdict() == {"one": 1, "two": "2", "all": "100%"}
    assert database.system_once("CREATE TABLE public.nothing ()") == ()


def test_parameters_may_have_any_name_and_must_be_those_of_the_statement(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database)
    tenant = make_organization(shared_database)
    statement = "SELECT id FROM platform.organizations WHERE id = :organization_id AND :statement = 'x'"
    found = database.tenant_once(
        tenant.organization_id, statement, organization_id=tenant.organization_id, statement="x"
    )
    assert len(found) == 1
    with pytest.raises(TypeError, match="parameters"):
        database.system_once("SELECT CAST(:a AS int)", b=1)
    with pytest.raises(TypeError, match="CAST"):
        database.system_once("SELECT :a::int", a=1)


def test_without_the_key_no_organization_can_be_worked_for(shared_database: MigratedDatabase) -> None:
    database = connect(DatabaseSettings.model_validate({"database_url": shared_database.url("intake")}))
    with pytest.raises(RuntimeError, match="TENANT_CONTEXT_KEY"):
        database.tenant_once(uuid4(), "SELECT 1")
    database.close()


def test_a_failure_names_its_sqlstate_and_constraint_and_never_a_value(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    """T-08: PostgreSQL quotes values in its messages, SQLAlchemy adds the bound ones."""
    database = open_database(shared_database)
    tenant = make_organization(shared_database)
    clash = (
        "INSERT INTO platform.organizations (id, name, slug, business_type) VALUES (:id, 'canary', 'canary', 'food')"
    )

    def in_a_unit(statement: str, **values: object) -> None:
        with database.tenant(tenant.organization_id) as session:
            session.execute(text(statement), values)

    for run in (in_a_unit, lambda *a, **k: database.tenant_once(tenant.organization_id, *a, **k)):
        with pytest.raises(ConstraintViolated) as refused:
            run(clash, id=tenant.organization_id)
        assert (refused.value.sqlstate, refused.value.constraint) == ("23505", "organizations_pkey")
        assert refused.value.table == "platform.organizations"
        _assert_no_canary(refused.value)
        with pytest.raises(ValueRefused) as unfit:
            run("SELECT CAST(:value AS uuid)", value="canary")
        _assert_no_canary(unfit.value)
        with pytest.raises(StatementFailed, match=r"42501.*permission denied"):
            run("SELECT * FROM platform.context_keys")


def _assert_no_canary(error: BaseException | None) -> None:
    while error is not None:
        assert "canary" not in repr(error)
        assert "canary" not in str(error)
        error = error.__cause__ or error.__context__


def test_a_missing_parameter_s_message_hides_the_other_values(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    database = open_database(shared_database)
    with pytest.raises(Exception, match="bind parameter") as wrong, database.system() as session:
        session.execute(text("SELECT :a, :b"), {"a": "canary"})
    _assert_no_canary(wrong.value)
    assert database.system_once("SELECT 1")[0][0] == 1


def test_an_exhausted_pool_is_unavailable_within_its_timeout(
    shared_database: MigratedDatabase, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B5."""
    assert database_module.POOL_TIMEOUT <= 2
    monkeypatch.setattr(database_module, "POOL_TIMEOUT", 0.3)
    database = open_database(shared_database, pool_size=1)
    with database.system():
        for run in (lambda: database.system_once("SELECT 1"), lambda: database.system().__enter__()):
            began = time.monotonic()
            with pytest.raises(Unavailable, match="became free"):
                run()
            assert time.monotonic() - began < 2.5
    assert database.system_once("SELECT 1")[0][0] == 1


def test_a_full_server_is_unavailable(database: MigratedDatabase, open_database: Open) -> None:
    """B5: max_connections reached."""
    database.server.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 1")
    holder = open_database(database)
    holder.system_once("SELECT 1")
    with pytest.raises(Unavailable, match="53300"):
        open_database(database).system_once("SELECT 1")
    with pytest.raises(Unavailable, match="53300"), open_database(database).system():
        pass


def test_a_login_that_fails_is_unavailable(shared_database: MigratedDatabase, open_database: Open) -> None:
    with pytest.raises(Unavailable, match="28000"):
        open_database(shared_database, "nobody_of_this_name").system_once("SELECT 1")


def test_a_lock_in_the_way_is_tried_again_and_then_unavailable(
    shared_database: MigratedDatabase, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B6: lock_timeout 2 s; once the other lets go the statement succeeds without its caller noticing."""
    assert connecting.STARTUP_PARAMETERS["lock_timeout"] == "2000"
    monkeypatch.setitem(connecting.STARTUP_PARAMETERS, "lock_timeout", "600")
    database = open_database(shared_database)
    organization_id = make_organization(shared_database).organization_id
    holder = shared_database.superuser()
    holder.autocommit = False
    lock = "UPDATE platform.organizations SET name = name WHERE id = %s"
    holder.cursor().execute(lock, (organization_id,))
    attempts: set[object] = set()
    with contextlib.closing(shared_database.superuser()) as watcher, ThreadPoolExecutor(1) as threads:
        change = "UPDATE platform.organizations SET name = 'mine'"
        done = threads.submit(database.tenant_once, organization_id, change)
        eventually(lambda: _waiting_since(watcher, attempts) > 1, interval=0.01)  # the second one
        holder.commit()
        done.result(20)

    holder.cursor().execute(lock, (organization_id,))
    with pytest.raises(TryAgain, match="55P03"), database.tenant(organization_id) as session:
        session.execute(text("UPDATE platform.organizations SET name = 'not mine'"))
    holder.rollback()
    holder.close()


def _waiting_since(watcher: Any, attempts: set[object]) -> int:
    """How many statements have been seen to wait for a lock, with those that do so now."""
    cursor = watcher.cursor()
    cursor.execute(
        "SELECT query_start FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    attempts.update(started for (started,) in cursor.fetchall())
    return len(attempts)


def test_a_deadlock_s_victim_is_run_again(shared_database: MigratedDatabase, open_database: Open) -> None:
    """B6."""
    database = open_database(shared_database, "postgres", pool_size=2)
    database.system_once("CREATE TABLE public.pair (n int PRIMARY KEY, hits int DEFAULT 0)")
    database.system_once("INSERT INTO public.pair VALUES (1), (2)")
    meeting = threading.Barrier(2)
    runs = []

    def cross(first: int, second: int) -> None:
        def unit() -> None:
            runs.append(first)
            with database.system() as session:
                hit = text("UPDATE public.pair SET hits = hits + 1 WHERE n = :n")
                session.execute(hit, {"n": first})
                if len(runs) <= 2:
                    meeting.wait(5)
                session.execute(hit, {"n": second})

        database.retrying(unit)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(cross, 1, 2), threads.submit(cross, 2, 1)]:
            done.result(20)
    assert [row.hits for row in database.system_once("SELECT hits FROM public.pair")] == [2, 2]
    assert len(runs) > 2, "the negative control: there was a deadlock"


def test_a_statement_that_takes_too_long_is_unavailable(shared_database: MigratedDatabase, open_database: Open) -> None:
    database = open_database(shared_database)

    def sleep() -> None:
        with database.system() as session:
            session.execute(text("SET LOCAL statement_timeout = '50ms'"))
            session.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(Unavailable, match="took too long"):
        sleep()


def test_the_server_ends_what_is_too_slow_before_this_side_gives_up(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "TimeZone", "search_path")
    database = open_database(shared_database)
    shown = {name: database.system_once(f"SHOW {name}")[0][0] for name in names}
    assert shown == {
        "lock_timeout": "2s",
        "statement_timeout": "9500ms",
        "idle_in_transaction_session_timeout": "15s",
        "TimeZone": "UTC",
        "search_path": "public",
    }


def test_a_read_only_server_is_unavailable(database: MigratedDatabase, open_database: Open) -> None:
    """B8: as during a failover."""
    database.server.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    organization_id = make_organization_read_write(database)
    with pytest.raises(Unavailable, match="25006"):
        open_database(database).tenant_once(organization_id, "UPDATE platform.organizations SET name = 'x'")


def make_organization_read_write(database: MigratedDatabase) -> Any:
    database.server.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = off")
    organization_id = make_organization(database).organization_id
    database.server.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    return organization_id


def test_a_table_that_changes_under_a_prepared_statement_goes_unnoticed(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    """B10: a migration while traffic runs."""
    database = open_database(shared_database, "postgres", pool_size=1)
    database.system_once("CREATE TABLE public.migrated (a int)")
    database.system_once("INSERT INTO public.migrated VALUES (1)")
    assert [tuple(row) for row in database.system_once("SELECT * FROM public.migrated")] == [(1,)]
    database.system_once("ALTER TABLE public.migrated ADD COLUMN b int DEFAULT 2")
    assert [tuple(row) for row in database.system_once("SELECT * FROM public.migrated")] == [(1, 2)]


def test_a_row_without_a_partition_makes_the_month_and_is_written(
    database: MigratedDatabase, open_database: Open
) -> None:
    """P1, L-01: the insert's own path makes the missing month once."""
    organization_id = make_organization(database).organization_id
    application = open_database(database)
    insert = "INSERT INTO audit.activity_logs (organization_id, action) VALUES (:organization_id, 'tested')"
    values = {"organization_id": organization_id}

    def unit() -> None:
        with application.tenant(organization_id) as session:
            session.execute(text(insert), values)

    _drop_months(database, "audit.activity_logs")
    application.tenant_once(organization_id, insert, **values)
    assert application.partitions_made == 1

    _drop_months(database, "audit.activity_logs")
    application.retrying(unit)
    assert application.partitions_made == 2

    _drop_months(database, "audit.activity_logs")
    with pytest.raises(Unavailable):
        unit()
    unit()
    assert application.partitions_made == 3, "made for the next try of whoever called"
    assert application.tenant_once(organization_id, "SELECT count(*) FROM audit.activity_logs")[0][0] == 1


def _drop_months(database: MigratedDatabase, parent: str) -> None:
    superuser = database.superuser()
    superuser.cursor().execute(
        "DO $$ DECLARE month regclass; BEGIN FOR month IN"
        f" SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '{parent}'::regclass"
        " LOOP EXECUTE format('DROP TABLE %s', month); END LOOP; END $$"
    )
    superuser.close()


def test_a_row_that_breaks_a_check_makes_no_partition(shared_database: MigratedDatabase, open_database: Open) -> None:
    database = open_database(shared_database)
    organization_id = make_organization(shared_database).organization_id
    with pytest.raises(ConstraintViolated) as refused:
        database.tenant_once(organization_id, "UPDATE platform.organizations SET billing_status = 'nonsense'")
    assert refused.value.sqlstate == "23514"
    assert database.partitions_made == 0


@pytest.mark.parametrize("login", ["application", "intake", "worker", "maintenance"])
def test_the_roles_of_functions_may_serve(shared_database: MigratedDatabase, open_database: Open, login: str) -> None:
    """T-01."""
    database = open_database(shared_database, login)
    check_role(database)
    check_role(database)
    assert database.round_trips == 1


@pytest.mark.parametrize(
    ("login", "reason"), [("postgres", "is a superuser"), ("owner_login", "owns"), ("bypasser", "has BYPASSRLS")]
)
def test_a_role_that_row_security_does_not_bind_is_refused(
    shared_database: MigratedDatabase, open_database: Open, login: str, reason: str
) -> None:
    """T-01: the start-up check refuses to serve."""
    if login == "bypasser":
        shared_database.server.execute(
            "DO $$ BEGIN CREATE ROLE bypasser LOGIN BYPASSRLS; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
    with pytest.raises(RoleRefused, match=reason):
        check_role(open_database(shared_database, login))


def test_threads_share_a_database(shared_database: MigratedDatabase, open_database: Open) -> None:
    database = open_database(shared_database, pool_size=3)
    tenants = [make_organization(shared_database).organization_id for _ in range(6)]

    def work(number: int) -> bool:
        own = tenants[number % len(tenants)]
        return [row.id for row in database.tenant_once(own, OWN_ROWS)] == [own]

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(work, range(600)))


def test_connections_are_given_back_and_closed(shared_database: MigratedDatabase, open_database: Open) -> None:
    database = open_database(shared_database, pool_size=2)
    superuser = shared_database.superuser()

    def connected() -> int:
        cursor = superuser.cursor()
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'application'"
        )
        count: int = cursor.fetchone()[0]
        return count

    for _ in range(10):
        database.system_once("SELECT 1")
    assert connected() == 1
    database.close()
    eventually(lambda: connected() == 0)
    superuser.close()
