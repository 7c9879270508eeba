"""The schema keeps its rules, and each rule notices when it is broken."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.migrations.rules import RULES, broken

if TYPE_CHECKING:
    from tests.support.database import Database

# T-04: every function that runs with its owner's rights, and why it has to.
DEFINER_FUNCTIONS = {
    "cleanup_old_data()": "owner: only the owner of a table drops its months",
    "create_monthly_partition(text,date)": "owner: only the owner of a table adds months to it",
    "platform.ensure_partition(regclass,timestamp with time zone)": "owner: as above; registered tables, near months",
    "platform.ensure_partitions(integer,integer)": "owner: as above",
    "platform.current_organization_id()": "definer_role: reads the keys that sign the context, which no caller may",
    "platform.get_encryption_key(text)": "definer_role: platform keysets, or the caller's own organization's",
    "platform.add_encryption_key(text,uuid,bytea,text)": "definer_role: as above",
    "integrations.resolve_connection(text,text)": "definer_role: an account's ids, before there is a tenant",
    "integrations.claim_token_refreshes(double precision,double precision,integer)": (
        "definer_role: hands the worker the tokens that are due, and their keysets, and no others"
    ),
    "integrations.settle_token_refresh(uuid,uuid,text,text,timestamp with time zone,boolean,text,double precision)": (
        "definer_role: takes back a renewed token, which the worker may not write"
    ),
    "integrations.record_deliveries(jsonb,jsonb,text[],double precision,double precision,double precision)": (
        "definer_role: one delivery holds items of several organizations"
    ),
}

_TABLE = "CREATE TABLE platform.odd (id uuid PRIMARY KEY, organization_id uuid NOT NULL{columns}); "


def _table(columns: str = "") -> str:
    return _TABLE.format(columns=f", {columns}" if columns else "")


# For each rule a change that breaks it, and what the rule must then name.
CONTROLS = {
    "every table has forced row security": ("ALTER TABLE platform.users NO FORCE ROW LEVEL SECURITY", "platform.users"),
    "every tenant table isolates tenants for reading and for writing": (
        _table() + "CREATE POLICY tenant_isolation_odd ON platform.odd TO application_role"
        " USING (organization_id = platform.current_organization_id()) WITH CHECK (true)",
        "platform.odd",
    ),
    "no policy for the application looks past its own rows": (
        "CREATE POLICY wide ON platform.users FOR SELECT TO application_role USING (role = 'owner')",
        "platform.users wide",
    ),
    "a partition has the policies of its parent": (
        "CREATE POLICY tenant_isolation_more ON audit.activity_logs TO maintenance_role USING (false)",
        "audit.activity_logs_",
    ),
    "a tenant table's organization is not null": (
        "ALTER TABLE platform.messages ALTER organization_id DROP NOT NULL",
        "platform.messages",
    ),
    "a foreign key between tenant tables carries the organization": (
        _table("agent_id uuid CONSTRAINT loose REFERENCES departments.agents (id)"),
        "platform.odd loose",
    ),
    "a foreign key has an index that begins with its columns": (
        "DROP INDEX platform.idx_messages_agent",
        "platform.messages messages_organization_id_agent_id_fkey",
    ),
    "no foreign key points at a partitioned table": (
        _table(
            "at timestamptz, CONSTRAINT pinned FOREIGN KEY (at, id) REFERENCES audit.activity_logs (created_at, id)"
        ),
        "platform.odd pinned",
    ),
    "an index of a tenant table leads with the organization": (
        "CREATE INDEX alone ON platform.messages (sender_type)",
        "platform.messages alone",
    ),
    "no index repeats the columns of another": (
        "CREATE INDEX again ON platform.messages (organization_id)",
        "platform.messages again",
    ),
    "a status or state is checked": (
        _table("delivery_status text CHECK (delivery_status <> '')"),
        "platform.odd.delivery",
    ),
    "a text has a limit or a list of values": (_table("note text"), "platform.odd.note"),
    "created_at and updated_at are never null": (_table("created_at timestamptz"), "platform.odd.created_at"),
    "updated_at is kept by a trigger": (_table("updated_at timestamptz NOT NULL"), "platform.odd"),
    "money is whole minor units and model cost is exact": (_table("price_cents integer"), "platform.odd.price_cents"),
    "nobody has a right on a partition": (
        f"GRANT SELECT ON audit.activity_logs_{datetime.now(UTC):%Y_%m} TO application_role",
        "audit.activity_logs_",
    ),
    "no runtime role may truncate, refer to, or put triggers on a table, and none may pass its rights on": (
        "GRANT TRUNCATE ON platform.messages TO application_role",
        "platform.messages TRUNCATE",
    ),
    "nothing is granted to everybody": ("GRANT SELECT ON platform.users TO PUBLIC", "platform.users SELECT"),
    "every object belongs to the owner, and its definer functions may belong to definer_role": (
        "ALTER TABLE platform.users OWNER TO application_role",
        "platform.users",
    ),
    "no function is executable by everybody": (
        "GRANT EXECUTE ON FUNCTION cleanup_old_data() TO PUBLIC",
        "cleanup_old_data()",
    ),
    "a definer function pins its search_path": (
        "ALTER FUNCTION integrations.resolve_connection RESET search_path",
        "integrations.resolve_connection(text,text)",
    ),
    "a view asks with the rights of its reader": (
        "CREATE VIEW platform.everything AS SELECT id FROM platform.users",
        "platform.everything",
    ),
    "the runtime roles cannot become more than they are": ("ALTER ROLE worker_role BYPASSRLS", "worker_role"),
    "no runtime role is a member of another": (
        "GRANT worker_role TO application_role",
        "application_role in worker_role",
    ),
    "every partitioned table is registered and every registered table is partitioned": (
        "DELETE FROM platform.partitioned_tables WHERE table_name = 'audit.activity_logs'",
        "audit.activity_logs",
    ),
    "a partitioned table's primary key holds its time": (
        "CREATE TABLE platform.odd (id int, at timestamptz) PARTITION BY RANGE (at)",
        "platform.odd",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_schema_keeps_the_rule(shared_database: Database, rule: str) -> None:
    """T-01, T-03, T-04, T-05, and the mends of docs/schema.md that the catalogue can show."""
    with contextlib.closing(shared_database.superuser()) as superuser:
        assert broken(superuser, rule) == []


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_notices_when_it_is_broken(shared_database: Database, rule: str) -> None:
    """The control, in a transaction that is rolled back."""
    change, named = CONTROLS[rule]
    with contextlib.closing(shared_database.superuser()) as superuser:
        superuser.cursor().execute("BEGIN")
        superuser.cursor().execute(change)
        found = broken(superuser, rule)
        superuser.cursor().execute("ROLLBACK")
    assert any(name.startswith(named) for name in found), found


def test_the_definer_functions_are_these(shared_database: Database) -> None:
    """T-04: a new one is a decision, and its line above says why."""
    with contextlib.closing(shared_database.superuser()) as superuser:
        cursor = superuser.cursor()
        cursor.execute(
            "SELECT oid::regprocedure::text, proowner::regrole::text FROM pg_proc WHERE prosecdef"
            " AND pronamespace::regnamespace::text IN"
            " ('public', 'platform', 'departments', 'agents', 'integrations', 'analytics', 'audit')"
        )
        found = dict(cursor.fetchall())
    assert found == {name: reason.split(":")[0] for name, reason in DEFINER_FUNCTIONS.items()}
