"""What each step stored, read from the local database past every policy: the demo shows all of it."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import make_url, text

from infra.cli.demo.facts import Stored, Turn
from shared.platform.database import Database, connect
from shared.platform.settings import DatabaseSettings

TABLES = (
    "integrations.webhook_deliveries",
    "integrations.webhook_events",
    "integrations.webhook_keys",
    "platform.conversations",
    "platform.messages",
    "agents.llm_attempts",
    "departments.agent_executions",
    "platform.outbox",
    "platform.outbox_attempts",
    "platform.message_statuses",
    "audit.activity_logs",
)
_COUNT = " UNION ALL ".join(f"SELECT '{table}' AS name, count(*) AS rows FROM {table}" for table in TABLES)  # noqa: S608
_ROWS = """
SELECT 'platform.messages' AS name, id, created_at,
       direction || ' ' || delivery_status || coalesce(', seq ' || seq, '') AS state
FROM platform.messages WHERE organization_id = :organization_id AND created_at >= :since
UNION ALL
SELECT 'departments.agent_executions', id, created_at,
       status || ', ' || coalesce(outcome, '') || ', seq ' || from_seq || '-' || to_seq || ', fence ' || fence
FROM departments.agent_executions WHERE organization_id = :organization_id AND created_at >= :since
UNION ALL
SELECT 'platform.outbox', id, created_at, kind || ' ' || state || ', attempt ' || attempt
FROM platform.outbox WHERE organization_id = :organization_id AND created_at >= :since
UNION ALL
SELECT 'platform.conversations', id, updated_at,
       automation_state || '/' || status || ', seq ' || done_seq || ' of ' || last_in_seq || ' answered'
FROM platform.conversations WHERE organization_id = :organization_id AND updated_at >= :since
ORDER BY created_at, name
"""
_TURNS = """
SELECT id, to_seq - from_seq + 1 AS messages, outcome, model_used, execution_time_ms
FROM departments.agent_executions
WHERE organization_id = :organization_id AND created_at >= :since AND status = 'completed'
ORDER BY created_at
"""
_STATUSES = """
SELECT status FROM platform.message_statuses
WHERE organization_id = :organization_id AND received_at >= :since ORDER BY occurred_at, received_at
"""
_READ = """
SELECT count(*) > 0 AND count(*) = count(*) FILTER (WHERE delivery_status = 'read')
FROM platform.messages
WHERE organization_id = :organization_id AND created_at >= :since AND direction = 'outbound'
"""


class Observation:
    """The database of one running local stack, and the log of its turns."""

    def __init__(self, ready: dict[str, Any]) -> None:
        """Log in as the embedded server's superuser, who exists only there."""
        url = make_url(ready["database"]["application"]).set(username="postgres")
        settings = DatabaseSettings.model_validate({"database_url": url.render_as_string(hide_password=False)})
        self._database: Database = connect(settings)
        self._organization_id = UUID(ready["demo"]["organization_id"])
        self._log = Path(ready["data_dir"]) / "logs" / "agent_execution.log"

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def moment(self) -> datetime:
        """Return the database's time."""
        now: datetime = self._database.system_once("SELECT clock_timestamp()")[0][0]
        return now

    def counts(self) -> dict[str, int]:
        """Return the rows of each table."""
        return {row.name: row.rows for row in self._database.system_once(_COUNT)}

    def stored(self, since: datetime) -> list[Stored]:
        """Return the rows made, or conversations changed, since then."""
        return [Stored(table=row.name, id=str(row.id), state=row.state) for row in self._rows(_ROWS, since)]

    def turns(self, since: datetime) -> list[Turn]:
        """Return the turns that were completed since then."""
        return [
            Turn(
                id=str(row.id),
                messages=row.messages,
                outcome=row.outcome,
                model=row.model_used,
                own_milliseconds=row.execution_time_ms,
            )
            for row in self._rows(_TURNS, since)
        ]

    def round_trips(self) -> list[int]:
        """Return the database round trips of each run that sent something, in order, as the function logged them."""
        trips: list[int] = []
        for line in self._log.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("accepted") and "round_trips" in entry:
                    trips.append(entry["round_trips"])
        return trips

    def statuses(self, since: datetime) -> list[str]:
        """Return the statuses that the provider reported since then, in the order they happened."""
        return [row.status for row in self._rows(_STATUSES, since)]

    def all_read(self, since: datetime) -> bool:
        """Whether every message sent since then was read: its last status has come."""
        return bool(self._rows(_READ, since)[0][0])

    def _rows(self, statement: str, since: datetime) -> Sequence[Any]:
        with self._database.system() as session:
            return session.execute(text(statement), {"organization_id": self._organization_id, "since": since}).all()
