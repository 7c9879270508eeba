"""A database's schema as data: what X-05 compares between the seed and the deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SCHEMAS = ("platform", "departments", "agents", "integrations", "analytics", "audit")


@dataclass(frozen=True)
class Column:
    """One column; `default` is PostgreSQL's own wording of a default or a generated expression."""

    type: str
    not_null: bool
    default: str | None


@dataclass(frozen=True)
class Table:
    """One table (not a partition), everything by name."""

    columns: dict[str, Column]
    primary_key: str
    foreign_keys: frozenset[str]
    checks: frozenset[str]
    indexes: dict[str, str]
    partition_key: str | None
    row_security: str
    policies: dict[str, str]


@dataclass(frozen=True)
class Schema:
    """Tables by 'schema.table', functions by 'schema.name(arguments)' with what matters of their definition."""

    tables: dict[str, Table]
    functions: dict[str, str]
    views: frozenset[str]


_NAMESPACE = "n.nspname IN ('platform', 'departments', 'agents', 'integrations', 'analytics', 'audit')"
_TABLES = f"""
SELECT c.oid, n.nspname || '.' || c.relname,
       CASE WHEN c.relforcerowsecurity THEN 'forced' WHEN c.relrowsecurity THEN 'enabled' ELSE 'none' END,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_NAMESPACE} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       CASE a.attgenerated WHEN 's' THEN 'generated ' ELSE '' END || pg_get_expr(d.adbin, d.adrelid)
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
"""
_CONSTRAINTS = "SELECT contype::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s"
_INDEXES = """
SELECT c.relname, CASE WHEN i.indisunique THEN 'unique ' ELSE '' END
       || regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s AND NOT i.indisprimary
"""
_POLICIES = """
SELECT polname, format('%%s to %%s', polcmd, (SELECT string_agg(rolname, ',') FROM pg_roles WHERE oid = ANY (polroles)))
FROM pg_policy WHERE polrelid = %s
"""
_FUNCTIONS = f"""
SELECT n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       format('returns %s, %s rights, %s', pg_get_function_result(p.oid), CASE WHEN p.prosecdef THEN 'definer'
              ELSE 'invoker' END, coalesce(array_to_string(p.proconfig, ' '), 'no path'))
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE ({_NAMESPACE} OR n.nspname = 'public')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""
_VIEWS = f"""
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_NAMESPACE} AND c.relkind IN ('v', 'm')
"""


def describe(connection: Any) -> Schema:
    """The schema of the database that the pg8000 `connection` is in."""
    cursor = connection.cursor()

    def rows(statement: str, *parameters: object) -> list[list[Any]]:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())

    tables = {}
    for oid, name, row_security, partition_key in rows(_TABLES):
        constraints = rows(_CONSTRAINTS, oid)
        tables[name] = Table(
            columns={row[0]: Column(row[1], row[2], row[3]) for row in rows(_COLUMNS, oid)},
            primary_key="".join(definition for kind, definition in constraints if kind == "p"),
            foreign_keys=frozenset(definition for kind, definition in constraints if kind == "f"),
            checks=frozenset(definition for kind, definition in constraints if kind == "c"),
            indexes={row[0]: row[1] for row in rows(_INDEXES, oid)},
            partition_key=partition_key,
            row_security=row_security,
            policies={row[0]: row[1] for row in rows(_POLICIES, oid)},
        )
    return Schema(tables, {row[0]: row[1] for row in rows(_FUNCTIONS)}, frozenset(row[0] for row in rows(_VIEWS)))


def differences(seed: Schema, deployed: Schema) -> list[str]:
    """Every difference, one line each, beginning with its kind: 'column added platform.users.x'."""
    lines = [f"table missing {name}" for name in seed.tables.keys() - deployed.tables.keys()]
    lines += [f"table added {name}" for name in deployed.tables.keys() - seed.tables.keys()]
    lines += [f"view added {name}" for name in deployed.views - seed.views]
    lines += [f"function missing {name}" for name in seed.functions.keys() - deployed.functions.keys()]
    lines += [f"function added {name}" for name in deployed.functions.keys() - seed.functions.keys()]
    for name in seed.functions.keys() & deployed.functions.keys():
        lines += _changed(f"function {name}", seed.functions[name], deployed.functions[name])
    for name in seed.tables.keys() & deployed.tables.keys():
        lines += _table_differences(name, seed.tables[name], deployed.tables[name])
    return sorted(lines)


def _table_differences(name: str, seed: Table, deployed: Table) -> list[str]:
    lines = _changed(f"primary key {name}", seed.primary_key, deployed.primary_key)
    lines += _changed(f"partition key {name}", seed.partition_key, deployed.partition_key)
    lines += _changed(f"row security {name}", seed.row_security, deployed.row_security)
    lines += [f"column missing {name}.{column}" for column in seed.columns.keys() - deployed.columns.keys()]
    lines += [f"column added {name}.{column}" for column in deployed.columns.keys() - seed.columns.keys()]
    for column in seed.columns.keys() & deployed.columns.keys():
        old, new = seed.columns[column], deployed.columns[column]
        lines += _changed(f"type {name}.{column}", old.type, new.type)
        lines += _changed(f"default {name}.{column}", old.default, new.default)
        if old.not_null != new.not_null:
            lines.append(f"{'not null' if new.not_null else 'nullable'} {name}.{column}")
    lines += [f"foreign key missing {name}: {key}" for key in seed.foreign_keys - deployed.foreign_keys]
    lines += [f"foreign key added {name}: {key}" for key in deployed.foreign_keys - seed.foreign_keys]
    lines += [f"check missing {name}: {check}" for check in seed.checks - deployed.checks]
    lines += [f"check added {name}: {check}" for check in deployed.checks - seed.checks]
    lines += [f"index missing {name} {index}" for index in seed.indexes.keys() - deployed.indexes.keys()]
    lines += [f"index added {name} {index}" for index in deployed.indexes.keys() - seed.indexes.keys()]
    for index in seed.indexes.keys() & deployed.indexes.keys():
        lines += _changed(f"index {name} {index}", seed.indexes[index], deployed.indexes[index])
    lines += [f"policy missing {name} {policy}" for policy in seed.policies.keys() - deployed.policies.keys()]
    lines += [f"policy added {name} {policy}" for policy in deployed.policies.keys() - seed.policies.keys()]
    return lines


def _changed(what: str, old: str | None, new: str | None) -> list[str]:
    return [] if old == new else [f"{what}: {old or 'none'} -> {new or 'none'}"]
