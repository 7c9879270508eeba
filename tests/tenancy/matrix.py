"""The tenancy matrix: every table, operation and context, with what must come of it; returns what went wrong, in words.

A *foreign* row belongs to organization A while the caller acts for B, or for nobody. It must never be seen,
changed or planted into, and an error must not tell whether it exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pg8000.exceptions import DatabaseError

from tests.tenancy.rows import Row, insert_statement, make_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tenancy.catalogue import ForeignKey, TenantTable

DENIED = "42501"
FEATURE_NOT_SUPPORTED = "0A000"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Outcome:
    """What one statement did: its rows and row count, or the SQLSTATE and the message with ids masked."""

    rows: list[list[Any]]
    count: int
    sqlstate: str | None = None
    message: str = ""


class Caller:
    """One connection in a transaction; each statement runs in a savepoint, so that a refusal spoils nothing."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def act_for(self, signed_context: str | None) -> None:
        """Sets the tenant context for the rest of the transaction (None: leaves it unset)."""
        if signed_context is not None:
            self.run("SELECT set_config('app.current_organization_id', %s, true)", [signed_context], keep=True)

    def run(self, statement: str, parameters: list[Any] | None = None, *, keep: bool = False) -> Outcome:
        """Runs one statement; its effects are undone unless `keep`."""
        cursor = self._connection.cursor()
        cursor.execute("SAVEPOINT probe")
        try:
            cursor.execute(statement, parameters or [])
            outcome = Outcome(list(cursor.fetchall()) if cursor.description else [], cursor.rowcount)
        except DatabaseError as error:
            details = error.args[0]
            outcome = Outcome([], 0, details["C"], _UUID.sub("<id>", details["M"] + details.get("D", "")))
            cursor.execute("ROLLBACK TO SAVEPOINT probe")
        if not keep:
            cursor.execute("ROLLBACK TO SAVEPOINT probe")
        cursor.execute("RELEASE SAVEPOINT probe")
        return outcome


@dataclass(frozen=True)
class Case:
    """One table with a row of A and a row of B in it, and the rows of their parents."""

    table: TenantTable
    row_of_a: Row
    row_of_b: Row
    parents_of_a: dict[str, Row]
    parents_of_b: dict[str, Row]
    a: str
    b: str

    def where_pk_of_a(self) -> tuple[str, list[Any]]:
        """A WHERE clause that names A's row."""
        types = {c.name: c.sql_type for c in self.table.columns}
        columns = [c for c in self.table.primary_key if types[c] in ("uuid", "text")]
        return " AND ".join(f"{c} = CAST(%s AS {types[c]})" for c in columns), [self.row_of_a[c] for c in columns]

    def may(self, privilege: str) -> bool:
        """Whether the application role holds the privilege at all."""
        return privilege in self.table.privileges


def _refused(outcome: Outcome, *states: str) -> bool:
    return outcome.sqlstate in (states or (DENIED,))


def reading(case: Case, caller: Caller, acting: str | None) -> Iterator[str]:
    """SELECT, SELECT FOR UPDATE and COPY TO show the own rows only."""
    table, column = case.table.name, case.table.tenant_column
    for form in (f"SELECT {column}::text FROM {table}", f"SELECT {column}::text FROM {table} FOR UPDATE"):
        outcome = caller.run(form)
        if outcome.sqlstate not in (None, DENIED):
            yield f"{form}: failed with {outcome.sqlstate} {outcome.message}"
        owners = {row[0] for row in outcome.rows}
        if owners - {acting}:
            yield f"{form}: rows of {owners - {acting}} seen by {acting}"
        if acting and case.may("SELECT") and "FOR UPDATE" not in form and not owners:
            yield f"{form}: {acting} does not see its own row"


def writing(case: Case, caller: Caller, acting: str | None) -> Iterator[str]:
    """INSERT, UPDATE and DELETE reach the own rows only."""
    table, column = case.table.name, case.table.tenant_column
    if acting != case.a:
        fresh = make_row(case.table, organization_id=case.a, parents=case.parents_of_a)
        outcome = caller.run(*insert_statement(table, fresh, case.table))
        if not _refused(outcome):
            yield f"INSERT of a foreign row into {table}: {outcome.sqlstate or 'accepted'} {outcome.message}"
    where, values = case.where_pk_of_a()
    for statement in (f"UPDATE {table} SET {column} = {column} WHERE {where}", f"DELETE FROM {table} WHERE {where}"):
        outcome = caller.run(statement, list(values))
        if acting != case.a and outcome.count != 0 and not _refused(outcome):
            yield f"{statement}: reached {outcome.count} foreign rows"
    if acting == case.a and case.may("UPDATE"):
        outcome = caller.run(f"UPDATE {table} SET {column} = '{case.b}' WHERE {where}", list(values))
        if not _refused(outcome):
            yield f"UPDATE {table} moving a row to another organization: {outcome.sqlstate or 'accepted'}"
    outcome = caller.run(f"TRUNCATE {table}")
    if not _refused(outcome):
        yield f"TRUNCATE {table}: {outcome.sqlstate or 'accepted'}"


def upserting(case: Case, caller: Caller, acting: str | None) -> Iterator[str]:
    """INSERT … ON CONFLICT UPDATE cannot take over a foreign row by naming its key."""
    if acting == case.a or acting is None or not case.may("INSERT"):
        return
    table, column = case.table.name, case.table.tenant_column
    row = {**make_row(case.table, organization_id=acting, parents=case.parents_of_b)}
    row.update(
        {name: case.row_of_a[name] for name in case.table.primary_key if name not in (column, "organization_id")}
    )
    if column == "id":
        return
    statement, values = insert_statement(table, row, case.table)
    conflict = f" ON CONFLICT ({', '.join(case.table.primary_key)}) DO UPDATE SET {column} = EXCLUDED.{column}"
    outcome = caller.run(statement + conflict, values)
    took_over = outcome.sqlstate is None and outcome.count and column not in case.table.primary_key
    if took_over and case.table.primary_key == ("id",):
        yield f"INSERT … ON CONFLICT UPDATE on {table}: took over a foreign row"


def copying(case: Case, connection: Any) -> Iterator[str]:
    """COPY FROM is refused on a table with row security."""
    cursor = connection.cursor()
    cursor.execute("SAVEPOINT copying")
    try:
        cursor.execute(f"COPY {case.table.name} ({case.table.tenant_column}) FROM STDIN", stream=iter([f"{case.a}\n"]))
        yield f"COPY FROM into {case.table.name}: accepted"
    except DatabaseError as error:
        if error.args[0]["C"] not in (DENIED, FEATURE_NOT_SUPPORTED):
            yield f"COPY FROM into {case.table.name}: {error.args[0]['C']}"
    cursor.execute("ROLLBACK TO SAVEPOINT copying")


def partitions(case: Case, caller: Caller, acting: str | None) -> Iterator[str]:
    """A partition named directly is refused whoever asks."""
    for partition in case.table.partitions:
        outcome = caller.run(f"SELECT FROM {partition}")
        if not _refused(outcome):
            yield f"SELECT FROM {partition} as {acting}: {outcome.sqlstate or 'accepted'}"


def planting(case: Case, caller: Caller, acting: str | None) -> Iterator[str]:
    """A child of B cannot point to a parent of A, and the refusal does not tell whether that parent exists."""
    if acting != case.b or not case.may("INSERT"):
        return
    for key in case.table.foreign_keys:
        foreign_parent = case.parents_of_a.get(key.parent)
        if foreign_parent is None or key.parent == "platform.organizations":
            continue
        yield from _plant(case, caller, key, foreign_parent)


def _plant(case: Case, caller: Caller, key: ForeignKey, foreign_parent: Row) -> Iterator[str]:
    def attempt(value_of: Callable[[str], str | None]) -> Outcome:
        row = make_row(case.table, organization_id=case.b, parents=case.parents_of_b)
        for child, parent in zip(key.columns, key.parent_columns, strict=True):
            if child != case.table.tenant_column:
                row[child] = value_of(parent)
        return caller.run(*insert_statement(case.table.name, row, case.table))

    planted = attempt(foreign_parent.get)
    # an id that nobody has; what is no id (a place in a document) stays as it is
    nobody = "00000000-0000-4000-8000-000000000000"
    absent = attempt(lambda parent: nobody if _UUID.fullmatch(foreign_parent[parent] or "") else foreign_parent[parent])
    if planted.sqlstate is None:
        yield f"{case.table.name}.{key.name}: a row of B points to a {key.parent} of A"
    elif (planted.sqlstate, planted.message) != (absent.sqlstate, absent.message):
        yield f"{case.table.name}.{key.name}: the refusal tells that the {key.parent} exists: {planted} {absent}"


def violations(case: Case, connection: Any, *, signed_context: str | None, acting: str | None) -> list[str]:
    """All that went wrong for one table in one context; the transaction is the caller's."""
    caller = Caller(connection)
    caller.act_for(signed_context)
    found: list[str] = []
    for probe in (reading, writing, upserting, partitions, planting):
        found += probe(case, caller, acting)
    found += copying(case, connection)
    return found
