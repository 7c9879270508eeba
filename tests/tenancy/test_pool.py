"""Many organizations over few connections, with errors, rollbacks and killed connections in between."""

from __future__ import annotations

import contextlib
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pydantic import SecretBytes, SecretStr

from shared.kit.errors import Unavailable
from shared.platform.database import connect
from shared.platform.database_errors import ValueRefused
from shared.platform.settings import DatabaseSettings
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from uuid import UUID

    from shared.platform.database import Database as Pool
    from tests.support.database import Database

REQUESTS = 10_000
ORGANIZATIONS = 50
KILL_EVERY = 500
DISTURBED_SHARE = 0.1
_KILL_ONE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'application' "
    "AND datname = current_database() ORDER BY random() LIMIT 1"
)


class _GivesUp(Exception):
    """A request's own code fails in the middle of its transaction."""


def _request(pool: Pool, organization_id: UUID, disturbance: float, *, killer: Any) -> tuple[int, list[UUID]]:
    """Look at all organizations as one tenant: (rows seen, foreign ones). Of the disturbed, half fail in SQL."""
    if killer is not None:
        killer.cursor().execute(_KILL_ONE)
    seen: list[UUID] = []
    with contextlib.suppress(Unavailable, ValueRefused, _GivesUp), pool.tenant(organization_id) as session:
        seen = [row[0] for row in session.exec_driver_sql("SELECT id FROM platform.organizations")]
        if disturbance < DISTURBED_SHARE / 2:
            session.exec_driver_sql("SELECT 1 / 0")
        if disturbance < DISTURBED_SHARE:
            raise _GivesUp
    return len(seen), [row for row in seen if row != organization_id]


def test_ten_thousand_interleaved_requests_never_show_a_foreign_row(database: Database) -> None:
    """T-02 over a pool of four connections that is disturbed all the time."""
    organizations = [make_organization(database).organization_id for _ in range(ORGANIZATIONS)]
    settings = DatabaseSettings(
        database_url=SecretStr(database.url("application")),
        tenant_context_key=SecretBytes(database.tenant_context_key),
        database_pool_size=4,
    )
    pool = connect(settings)
    chance = random.Random(20261124)  # noqa: S311 (a schedule that repeats, no secret)
    with contextlib.closing(database.superuser()) as killer, ThreadPoolExecutor(4) as workers:
        futures = []
        for number in range(REQUESTS):
            tenant, disturbance = chance.choice(organizations), chance.random()
            kills = killer if number % KILL_EVERY == KILL_EVERY - 1 else None  # when its turn comes, among the others
            futures.append(workers.submit(_request, pool, tenant, disturbance, killer=kills))
        results = [future.result() for future in futures]
    pool.close()
    assert [foreign for _seen, foreign in results if foreign] == []
    assert sum(seen for seen, _foreign in results) > REQUESTS * 0.98
