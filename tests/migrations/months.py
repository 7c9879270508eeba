"""Reads a table's months from the catalogue, independently of the functions under test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pg8000.dbapi
import pytest

_BOUNDS = r"""
SELECT m[1]::timestamptz, m[2]::timestamptz, i.inhrelid::regclass::text
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
     regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') m
WHERE i.inhparent = %s::regclass ORDER BY 1
"""


def month_bounds(connection: Any, table: str) -> list[tuple[datetime, datetime, str]]:
    """First moment, first moment after it, and name of each partition of `table`, in order."""
    cursor = connection.cursor()
    cursor.execute(_BOUNDS, (table,))
    return [(row[0].astimezone(UTC), row[1].astimezone(UTC), row[2]) for row in cursor.fetchall()]


def month_after(year: int, month: int, count: int) -> datetime:
    """The first moment, in UTC, of the month that comes `count` months after this one."""
    index = year * 12 + month - 1 + count
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)


def refused(connection: Any, statement: str, *parameters: object) -> str:
    """The SQLSTATE with which the statement is refused."""
    with pytest.raises(pg8000.dbapi.DatabaseError) as refusal:
        connection.cursor().execute(statement, parameters)
    code: str = refusal.value.args[0]["C"]
    return code
