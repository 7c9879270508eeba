"""Two organizations with one row in every tenant table, and the contexts in which they are approached."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.tenancy.catalogue import TenantTable, tenant_tables
from tests.tenancy.matrix import Case
from tests.tenancy.rows import Row, insert_statement, make_row

if TYPE_CHECKING:
    from tests.support.database import Database


def sign(key: bytes, organization_id: str) -> str:
    """The signed context, computed apart from the product's own code."""
    return f"{organization_id}.{hmac.new(key, organization_id.encode(), hashlib.sha256).hexdigest()}"


def transactional(connection: Any) -> Any:
    """The connection, out of autocommit mode."""
    connection.autocommit = False
    return connection


@dataclass(frozen=True)
class World:
    """The database with A and B in it."""

    database: Database
    tables: list[TenantTable]
    cases: list[Case]
    a: str
    b: str

    def contexts(self) -> dict[str, tuple[str | None, str | None]]:
        """Name → (value of the setting, organization that it stands for)."""
        key = self.database.tenant_context_key
        forged = sign(b"not the key of this database....", self.a)
        return {
            "none": (None, None),
            "empty": ("", None),
            "garbage": ("'; DROP TABLE x; --", None),
            "unsigned": (self.a, None),
            "forged": (forged, None),
            "cut short": (sign(key, self.a)[:-1], None),
            "other": (sign(key, self.b), self.b),
            "own": (sign(key, self.a), self.a),
        }


def plant_rows(connection: Any, tables: list[TenantTable], organization_id: str) -> dict[str, Row]:
    """Inserts one row per table for the organization, parents first; returns them by table name."""
    rows: dict[str, Row] = {}
    for table in tables:
        row = make_row(table, organization_id=organization_id, parents=rows)
        statement, values = insert_statement(table.name, row, table)
        connection.cursor().execute(statement, values)
        rows[table.name] = row
    connection.commit()
    return rows


@pytest.fixture(scope="module")
def world(shared_database: Database) -> World:
    """One database with a row of A and a row of B in every tenant table."""
    connection = transactional(shared_database.superuser())
    tables = tenant_tables(connection)
    a, b = str(uuid4()), str(uuid4())
    rows_a, rows_b = plant_rows(connection, tables, a), plant_rows(connection, tables, b)
    connection.close()
    cases = [Case(t, rows_a[t.name], rows_b[t.name], rows_a, rows_b, a, b) for t in tables]
    return World(shared_database, tables, cases, a, b)
