"""What is stored, waiting or stuck, read from the database as the worker role; ages by the database's clock.

The states that must not last, and their greatest ages, are those of the sweep (functions/work_sweep/states.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text

from functions.work_sweep.states import STATES, Moves
from shared.platform.database import Database

MONTHS_AHEAD = 2  # the migrations make three; fewer than two left means that nobody makes them any more

# Tables that the worker role may count by state.
_COUNTED = (
    ("platform.conversations", "automation_state"),
    ("platform.conversations", "status"),
    ("platform.outbox", "state"),
    ("agents.llm_attempts", "state"),
    ("integrations.webhook_deliveries", "status"),
    ("integrations.webhook_events", "status"),
    ("integrations.connections", "status"),
)
_TURNS = """
SELECT CASE WHEN lease_until > clock_timestamp() THEN 'running' WHEN run_at > clock_timestamp() THEN 'scheduled'
            ELSE 'due' END AS state, count(*) AS rows
FROM platform.conversations
WHERE run_at IS NOT NULL AND automation_state = 'auto' AND last_in_seq > done_seq
GROUP BY 1 ORDER BY 1
"""
_DUPLICATES = "SELECT count(*) AS rows FROM platform.outbox WHERE duplicate_detected_at IS NOT NULL"
_ALERTS = """
SELECT kind, count(*) AS rows FROM integrations.connection_alerts WHERE cleared_at IS NULL GROUP BY kind ORDER BY kind
"""
_PARTITIONS = """
WITH months AS (
    SELECT t.table_name, count(p.partition) AS months, max(p.month_end) AS until
    FROM platform.partitioned_tables t
    LEFT JOIN LATERAL platform.month_partitions(to_regclass(t.table_name)) p ON true
    GROUP BY t.table_name
), ahead AS (
    SELECT *, age(until, date_trunc('month', clock_timestamp(), 'UTC')) AS span FROM months
)
SELECT table_name AS table, months, until,
       coalesce(extract(year FROM span) * 12 + extract(month FROM span) - 1, -1)::int AS months_ahead
FROM ahead ORDER BY table_name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The rows of one state. `oldest_seconds` and `limit_seconds` are there for states that must not last."""

    table: str
    column: str
    state: str
    rows: int
    oldest_seconds: float | None
    limit_seconds: float | None

    @property
    def late(self) -> bool:
        """Whether the oldest is past the age at which the sweep should have moved it."""
        if self.oldest_seconds is None or self.limit_seconds is None:
            return False
        return self.oldest_seconds > self.limit_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Partitions:
    """The months that a table has; `months_ahead` counts those after this one."""

    table: str
    months: int
    until: Any  # a moment, or None for a table without any month
    months_ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One look at an installation's database."""

    organizations: int
    turns: dict[str, int]
    states: list[Count]
    duplicates_detected: int
    connection_alerts: dict[str, int]  # what owners of connections were told and is not over, by kind
    partitions: list[Partitions]

    def late(self) -> list[Count]:
        """Return the states in which something waits for too long."""
        return [count for count in self.states if count.late]

    def short_of_months(self) -> list[Partitions]:
        """Return the tables whose coming months are not made."""
        return [table for table in self.partitions if table.months_ahead < MONTHS_AHEAD]

    @property
    def healthy(self) -> bool:
        """Whether nobody has to look."""
        return not self.late() and not self.short_of_months()

    def as_data(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {"healthy": self.healthy, **asdict(self)}


def read_report(database: Database) -> Report:
    """Look at the whole database in one transaction.

    Args:
        database: logged in as the worker role; another role sees no rows.

    Raises:
        Unavailable: the database cannot answer now.
        StatementFailed: it has not the schema of this version, or the login not the rights.
    """
    with database.system() as session:

        def rows(statement: str) -> Sequence[Any]:
            return session.execute(text(statement)).all()

        return Report(
            organizations=rows("SELECT count(id) FROM platform.organizations")[0][0],
            turns={row.state: row.rows for row in rows(_TURNS)},
            states=[count for table, column in _COUNTED for count in _counts(table, column, rows)],
            duplicates_detected=rows(_DUPLICATES)[0][0],
            connection_alerts={row.kind: row.rows for row in rows(_ALERTS)},
            partitions=[
                Partitions(table=row.table, months=row.months, until=row.until, months_ahead=row.months_ahead)
                for row in rows(_PARTITIONS)
            ],
        )


def _counts(table: str, column: str, rows: Callable[[str], Sequence[Any]]) -> list[Count]:
    """Count a table by state, and find the oldest row of each state that must not last."""
    found = rows(f"SELECT {column} AS state, count(*) AS rows FROM {table} GROUP BY 1 ORDER BY 1")  # noqa: S608 - constants
    counts = []
    for row in found:
        rule = STATES[table, column].get(row.state)
        oldest = None
        if isinstance(rule, Moves):
            oldest = rows(
                f"SELECT extract(epoch FROM clock_timestamp() - min({rule.since}))::float8 FROM {table}"  # noqa: S608 - idem
                f" WHERE {column} = '{row.state}' AND {rule.condition}"
            )[0][0]
        counts.append(
            Count(
                table=table,
                column=column,
                state=row.state,
                rows=row.rows,
                oldest_seconds=oldest,
                limit_seconds=rule.max_age if isinstance(rule, Moves) else None,
            )
        )
    return counts
