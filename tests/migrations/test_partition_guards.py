"""Months are guarded like their parents, and a new one does not stop anybody who writes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.migrations.months import month_bounds, refused
from tests.support.tenants import enter_tenant, make_organization

if TYPE_CHECKING:
    from tests.support.database import Database

PARTITIONED = [
    ("departments.agent_executions", "agent_id, trigger_type", "'{agent}', 'webhook'", "created_at"),
    ("integrations.webhook_events", "connection_id, event_type", "'{connection}', 'message'", "created_at"),
    ("audit.activity_logs", "action", "'test.done'", "created_at"),
    (
        "analytics.usage_metrics",
        "metric_type, metric_category, metric_value, granularity, period_end",
        "'m', 'usage', 1, 'day', now() + '1 day'",
        "period_start",
    ),
]


@pytest.mark.parametrize(("parent", "columns", "values", "time_column"), PARTITIONED)
def test_a_new_month_does_not_wait_for_writers_nor_they_for_it(
    database: Database, parent: str, columns: str, values: str, time_column: str
) -> None:
    """An open transaction that wrote to this month holds its locks while another month is attached."""
    tenant = make_organization(database)
    filled = values.format(agent=tenant.agent_id, connection=tenant.connection_id)
    insert = (
        f"INSERT INTO {parent} (organization_id, {columns}, {time_column})"
        f" VALUES ('{tenant.organization_id}', {filled}, now())"
    )
    with contextlib.closing(database.superuser()) as writer, contextlib.closing(database.superuser()) as creator:
        writer.cursor().execute("BEGIN")
        writer.cursor().execute(insert)
        creator.cursor().execute("BEGIN")
        creator.cursor().execute("SELECT platform.attach_month(%s::regclass, now() + '20 months')", (parent,))
        writer.cursor().execute("SET LOCAL lock_timeout = '1s'")
        writer.cursor().execute(insert.replace("'day'", "'week'"))
        creator.cursor().execute("COMMIT")
        writer.cursor().execute("COMMIT")


def test_a_partition_that_is_named_directly_shows_nothing_to_the_application(database: Database) -> None:
    """A parent's policies do not guard its partitions."""
    ours, theirs = make_organization(database), make_organization(database)
    with (
        contextlib.closing(database.superuser()) as superuser,
        contextlib.closing(database.connect("application")) as app,
    ):
        cursor = superuser.cursor()
        for tenant in (ours, theirs):
            cursor.execute(
                "INSERT INTO audit.activity_logs (organization_id, action) VALUES (%s, 'x')", (tenant.organization_id,)
            )
        cursor.execute("SELECT tableoid::regclass::text FROM audit.activity_logs LIMIT 1")
        partition = cursor.fetchone()[0]
        enter_tenant(app, database, ours.organization_id)
        assert refused(app, f"SELECT * FROM {partition}") == "42501"
        cursor.execute(f"GRANT SELECT ON {partition} TO application_role")
        mine = app.cursor()
        mine.execute(f"SELECT organization_id FROM {partition}")
        assert [row[0] for row in mine.fetchall()] == [ours.organization_id]
        cursor.execute(f"ALTER TABLE {partition} DISABLE ROW LEVEL SECURITY")  # the control
        mine.execute(f"SELECT count(*) FROM {partition}")
        assert mine.fetchone()[0] == 2


def test_ensuring_partitions_restores_the_guard_of_one_that_lost_it(database: Database) -> None:
    policies = "SELECT count(*) FROM pg_policy WHERE polrelid = %s::regclass"
    with contextlib.closing(database.superuser()) as superuser:
        cursor = superuser.cursor()
        partition = month_bounds(superuser, "audit.activity_logs")[0][2]
        cursor.execute("CREATE POLICY extra ON audit.activity_logs FOR SELECT TO maintenance_role USING (success)")
        cursor.execute(f"ALTER TABLE {partition} NO FORCE ROW LEVEL SECURITY")
        cursor.execute("SELECT platform.ensure_partitions()")
        cursor.execute("SELECT relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", (partition,))
        assert cursor.fetchone()[0] is True
        cursor.execute(policies, (partition,))
        found = cursor.fetchone()
        cursor.execute(policies, ("audit.activity_logs",))
        assert found == cursor.fetchone()
