"""Makes one valid row of any tenant table from its catalogue entry, so that new tables need no fixture of their own."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.tenancy.catalogue import Column, TenantTable

Row = dict[str, str | None]
"""Column name → value as PostgreSQL text (None = NULL)."""

_CHOICES = re.compile(r"\(?\(?\(?(\w+)\)?(?:::text)?\)? = ANY \(\(?ARRAY\[(.*?)\]")
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_NUMBERS = {"smallint", "integer"}
_EMPTY_VECTOR = "[" + ",".join(["0.1"] * 1536) + "]"


# What a CHECK over several columns asks for and the types alone do not tell.
_EXTRA: dict[str, Row] = {
    "platform.encryption_keys": {"wrapped_keyset": "\\x00"},
    "platform.knowledge_ingestions": {"source_path": "a.md", "object_name": "knowledge/a"},
    "platform.handoffs": {"state": "resolved", "closed_at": "now"},  # one that is not over would be the only one
    "agents.model_prices": {"model": "provider:name"},
}


def _choices(table: TenantTable) -> dict[str, str]:
    """The first allowed value of each column that a CHECK … IN restricts."""
    found: dict[str, str] = {}
    for check in table.checks:
        for column, literals in _CHOICES.findall(check):
            values = _LITERAL.findall(literals)
            if values:
                found.setdefault(column, values[0])
    return found


def _value(column: Column) -> str:
    kind = column.sql_type
    simple = {
        "uuid": str(uuid.uuid4()),
        "jsonb": "{}",
        "boolean": "false",
        "bytea": "\\x00",
        "inet": "127.0.0.1",
        "tsvector": "a",
        "date": "2026-01-01",
    }
    if kind in simple:
        return simple[kind]
    if kind == "bigint" or column.name == "ordinal":
        return str(uuid.uuid4().int % 10**9)  # a sequence number: no two rows alike
    if kind in _NUMBERS or kind.startswith("numeric"):
        return "1"
    if kind.startswith("vector"):
        return _EMPTY_VECTOR
    if kind.startswith("timestamp"):
        return "now"
    return "BRL" if column.name == "currency" else uuid.uuid4().hex[:12]


def make_row(table: TenantTable, *, organization_id: str, parents: dict[str, Row]) -> Row:
    """One row of `table` for the organization; foreign keys take their values from `parents` (table name → its row).

    Only required columns are filled, and foreign keys whose parent row exists: an optional reference is
    where a row of another tenant could be planted, so it is worth a value.
    """
    choices = _choices(table)
    row: Row = {c.name: choices.get(c.name, _value(c)) for c in table.columns if c.required}
    row.update({c.name: _value(c) for c in table.columns if c.name in table.primary_key and c.name not in row})
    for key in table.foreign_keys:
        parent = parents.get(key.parent)
        if parent is not None and all(column in parent for column in key.parent_columns):
            row.update({c: parent[p] for c, p in zip(key.columns, key.parent_columns, strict=True)})
    row.update(_EXTRA.get(table.name, {}))
    row[table.tenant_column] = organization_id
    return _ordered_periods(row)


def _ordered_periods(row: Row) -> Row:
    """A period ends after it starts, and what expires has not expired yet."""
    late = [name for name in row if name.endswith("_end") or name.startswith("expires")]
    return {**row, **dict.fromkeys(late, "tomorrow")}


def insert_statement(table_name: str, row: Row, table: TenantTable) -> tuple[str, list[Any]]:
    """An INSERT with one cast placeholder per column."""
    types = {c.name: c.sql_type for c in table.columns}
    columns = ", ".join(row)
    places = ", ".join(f"CAST(%s AS {types[name]})" for name in row)
    return f"INSERT INTO {table_name} ({columns}) VALUES ({places})", list(row.values())
