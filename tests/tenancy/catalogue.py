"""What the database itself says about its tenant tables.

Nothing here is listed by hand, so tomorrow's table is included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMAS = ("platform", "departments", "agents", "integrations", "analytics", "audit")


@dataclass(frozen=True)
class Column:
    """One column: its SQL type as PostgreSQL prints it, and whether an INSERT must give it."""

    name: str
    sql_type: str
    required: bool


@dataclass(frozen=True)
class ForeignKey:
    """One foreign key of a table, columns in key order."""

    name: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class TenantTable:
    """A table whose rows belong to organizations; `tenant_column` is organization_id (id for organizations)."""

    name: str
    tenant_column: str
    tenant_column_nullable: bool
    columns: tuple[Column, ...]
    checks: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    partitions: tuple[str, ...]
    primary_key: tuple[str, ...]
    privileges: frozenset[str]

    def column_names(self) -> list[str]:
        """The names of all columns, in table order."""
        return [column.name for column in self.columns]


_TABLES = """
SELECT c.oid, format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (string_to_array(%s, ',')) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND (c.oid = to_regclass('platform.organizations') OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped))
ORDER BY 2
"""
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attnotnull
FROM pg_attribute a
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""
_CHECKS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s AND contype = 'c' ORDER BY conname"
_KEYS = """
SELECT k.conname, k.confrelid::regclass::text,
       (SELECT string_agg(a.attname, ',' ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
       (SELECT string_agg(a.attname, ',' ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num)
FROM pg_constraint k WHERE k.conrelid = %s AND k.contype = 'f' ORDER BY 1
"""
_PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s ORDER BY 1"
_PRIMARY = """
SELECT a.attname FROM pg_constraint k, unnest(k.conkey) WITH ORDINALITY u(num, n), pg_attribute a
WHERE k.conrelid = %s AND k.contype = 'p' AND a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.n
"""
_PRIVILEGES = """
SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
WHERE has_table_privilege('application_role', %s::oid, p)
   OR (p IN ('SELECT', 'INSERT', 'UPDATE') AND has_any_column_privilege('application_role', %s::oid, p))
"""


def fetch(connection: Any, statement: str, parameters: Sequence[object] = ()) -> list[list[Any]]:
    """All rows of one statement as lists."""
    cursor = connection.cursor()
    cursor.execute(statement, parameters)
    return list(cursor.fetchall()) if cursor.description else []


def tenant_tables(connection: Any) -> list[TenantTable]:
    """Every table with tenant rows, parents before children (by their foreign keys)."""
    tables = {}
    for oid, name in fetch(connection, _TABLES, (",".join(SCHEMAS),)):
        rows = fetch(connection, _COLUMNS, (oid,))
        tenant_column = "id" if name == "platform.organizations" else "organization_id"
        tables[name] = TenantTable(
            name=name,
            tenant_column=tenant_column,
            tenant_column_nullable=not next(row[3] for row in rows if row[0] == tenant_column),
            columns=tuple(Column(row[0], row[1], row[2]) for row in rows),
            checks=tuple(row[0] for row in fetch(connection, _CHECKS, (oid,))),
            foreign_keys=tuple(
                ForeignKey(key, tuple(columns.split(",")), parent, tuple(parent_columns.split(",")))
                for key, parent, columns, parent_columns in fetch(connection, _KEYS, (oid,))
            ),
            partitions=tuple(row[0] for row in fetch(connection, _PARTITIONS, (oid,))),
            primary_key=tuple(row[0] for row in fetch(connection, _PRIMARY, (oid,))),
            privileges=frozenset(row[0] for row in fetch(connection, _PRIVILEGES, (oid, oid))),
        )
    return _parents_first(tables)


def _parents_first(tables: dict[str, TenantTable]) -> list[TenantTable]:
    ordered: dict[str, TenantTable] = {}

    def visit(table: TenantTable) -> None:
        if table.name in ordered:
            return
        for key in table.foreign_keys:
            if key.parent in tables and key.parent != table.name:
                visit(tables[key.parent])
        ordered[table.name] = table

    for table in tables.values():
        visit(table)
    return list(ordered.values())
