"""Records deliveries as the intake role does, and looks at what is in the database afterwards."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.channels.deliveries import BurstRules, Delivery, Recorded, record_deliveries
from shared.channels.whatsapp.envelope import split
from shared.platform.database import connect
from shared.platform.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from shared.platform.database import Database as Pool
    from tests.support.database import Database

RULES = BurstRules(quiet_seconds=2, ceiling_seconds=8, reply_max_age_seconds=12 * 3600)


@contextlib.contextmanager
def recording(database: Database) -> Iterator[Intake]:
    """An intake role's pool on the database until the block ends."""
    pool = connect(DatabaseSettings.model_validate({"database_url": database.url("intake")}))
    with contextlib.closing(pool), contextlib.closing(database.superuser()) as view:
        yield Intake(pool, database, view)


def delivery_of(body: dict[str, Any]) -> Delivery:
    """An authentic delivery with this body."""
    return Delivery(provider="whatsapp", raw=b"{}", verified_by="app-secret-test", headers={}, items=split(body))


@dataclass(frozen=True)
class Intake:
    """The intake role's pool beside the superuser's view."""

    pool: Pool
    database: Database
    view: Any

    def record(self, *deliveries: Delivery, rules: BurstRules = RULES) -> Recorded:
        """Record the deliveries as one group; bodies are not sealed here."""
        return record_deliveries(self.pool, deliveries, seal=lambda raw, _: (raw, "deliveries-test"), rules=rules)

    def record_bodies(self, *bodies: dict[str, Any], rules: BurstRules = RULES) -> Recorded:
        """Record one delivery per body, as one group."""
        return self.record(*map(delivery_of, bodies), rules=rules)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Run a statement as the superuser."""
        cursor = self.view.cursor()
        cursor.execute(statement, values)
        return [row[0] if len(row) == 1 else tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def conversation(self, organization_id: UUID, customer: str, columns: str) -> Any:
        """The named columns of the customer's newest conversation."""
        found = self.rows(
            f"SELECT {columns} FROM platform.conversations WHERE organization_id = %s AND customer_external_id = %s"
            " ORDER BY created_at DESC LIMIT 1",
            organization_id,
            customer,
        )
        return found[0]
