"""Retention by whole months: what is past goes, nothing else does, and nobody waits for it."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from tests.support.database import Database


def _old_month(connection: Any, parent: str, months_ago: int) -> str:
    cursor = connection.cursor()
    cursor.execute(
        "SELECT platform.attach_month(%s::regclass, now() - make_interval(months => %s))::text", (parent, months_ago)
    )
    name: str = cursor.fetchone()[0]
    return name


def _exists(connection: Any, table: str) -> bool:
    cursor = connection.cursor()
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (table,))
    found: bool = cursor.fetchone()[0]
    return found


RETENTION = {"audit.activity_logs": 12, "departments.agent_executions": 6, "integrations.webhook_events": 3}


def test_cleaning_drops_the_months_past_retention_and_no_other(database: Database) -> None:
    """The seed's terms: audit logs 1 year, executions 6 months, webhook events 3 months."""
    with contextlib.closing(database.superuser()) as superuser:
        # the month that began n months ago ended less than n months ago, so only n + 1 is wholly past
        past = [_old_month(superuser, parent, months + 2) for parent, months in RETENTION.items()]
        kept = [_old_month(superuser, parent, months) for parent, months in RETENTION.items()]
        kept.append(_old_month(superuser, "integrations.webhook_deliveries", 20))
        with contextlib.closing(database.connect("maintenance")) as maintenance:
            for _ in range(2):
                maintenance.cursor().execute("SELECT cleanup_old_data()")
                assert [_exists(superuser, name) for name in past] == [False] * len(past)
                assert [_exists(superuser, name) for name in kept] == [True] * len(kept)


def test_content_that_names_an_old_execution_does_not_stop_the_cleaning(database: Database) -> None:
    tenant = make_organization(database)
    execution_id = uuid4()
    with contextlib.closing(database.superuser()) as superuser:
        month = _old_month(superuser, "departments.agent_executions", 9)
        cursor = superuser.cursor()
        cursor.execute(
            "INSERT INTO departments.agent_executions (id, organization_id, agent_id, trigger_type, created_at)"
            " VALUES (%s, %s, %s, 'manual', now() - interval '9 months')",
            (execution_id, tenant.organization_id, tenant.agent_id),
        )
        cursor.execute(
            "INSERT INTO platform.content (organization_id, agent_execution_id, content_type, body)"
            " VALUES (%s, %s, 'email', 'x')",
            (tenant.organization_id, execution_id),
        )
        cursor.execute("SELECT cleanup_old_data()")
        assert not _exists(superuser, month)
        cursor.execute("SELECT count(*) FROM platform.content")
        assert cursor.fetchone()[0] == 1


def test_a_month_in_use_is_left_for_the_next_run_and_writers_hardly_wait(database: Database) -> None:
    """P4."""
    with (
        contextlib.closing(database.superuser()) as reader,
        contextlib.closing(database.superuser()) as writer,
        contextlib.closing(database.connect("maintenance")) as maintenance,
        ThreadPoolExecutor(1) as pool,
    ):
        in_use = _old_month(writer, "audit.activity_logs", 15)
        free = _old_month(writer, "departments.agent_executions", 15)
        reader.cursor().execute("BEGIN")
        reader.cursor().execute(f"SELECT count(*) FROM {in_use}")
        cleaning = pool.submit(maintenance.cursor().execute, "SELECT cleanup_old_data()")
        writer.cursor().execute("SET lock_timeout = '2s'")
        while not cleaning.done():
            writer.cursor().execute("INSERT INTO audit.activity_logs (action) VALUES ('while.cleaning')")
        cleaning.result()
        assert _exists(writer, in_use)
        assert not _exists(writer, free)
        reader.cursor().execute("COMMIT")
        maintenance.cursor().execute("SELECT cleanup_old_data()")
        assert not _exists(writer, in_use)


def test_old_months_of_executions_are_dropped_without_a_lock_on_agents(database: Database) -> None:
    make_organization(database)
    with (
        contextlib.closing(database.superuser()) as writer,
        contextlib.closing(database.connect("maintenance")) as other,
    ):
        month = _old_month(writer, "departments.agent_executions", 15)
        writer.cursor().execute("BEGIN")
        writer.cursor().execute("UPDATE departments.agents SET name = 'busy'")
        other.cursor().execute("SELECT cleanup_old_data()")
        writer.cursor().execute("COMMIT")
        assert not _exists(writer, month)
