"""The database: the only place that begins, commits and rolls back.

    with database.tenant(organization_id) as session: …     several statements of one organization, one transaction
    with database.system() as session: …                    the same with the login's own rights and no organization
    database.tenant_once(organization_id, statement, …)     one statement, one transaction, one round trip
    database.system_once(statement, …)                      the same without an organization

Statements are SQL with `:name` parameters; a cast of one is written CAST(:name AS uuid). What fails raises
`Unavailable` (try later, of which `TryAgain` was rolled back by a lock or a deadlock), or `StatementFailed`. Never open
a unit inside another: it takes a second connection of the pool. Never hold one across a call to anything else.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NewType, TypeVar

from sqlalchemy import Connection, Row, create_engine, event, text
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from shared.kit.errors import Unavailable
from shared.platform import connecting, tenant_context
from shared.platform.database_errors import PartitionMissing, TryAgain, guard, translate
from shared.platform.dialect import DRIVER
from shared.platform.logs import get_logger
from shared.platform.wire import Counter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from shared.platform.connection import PipelinedConnection
    from shared.platform.settings import DatabaseSettings

TenantSession = NewType("TenantSession", Connection)
SystemSession = NewType("SystemSession", Connection)
Result = TypeVar("Result")
Opening = tuple[str, tuple[str, ...]]

POOL_TIMEOUT = 2.0  # seconds to wait for a free connection
PING_AFTER_IDLE = 5.0  # seconds; a younger connection is trusted unless its socket has something to say
PING_TIMEOUT = 1.0  # seconds
_ATTEMPTS = 3
_ATTEMPTS_END = 3.0  # seconds since the first attempt after which none is begun: a caller hears in about 4 s
_MAX_PAUSE = 0.05  # seconds between attempts, times the attempt's number
_SET_CONTEXT = f"SELECT set_config('{tenant_context.SETTING}', $1, true)"
_MAKE_PARTITION = """
SELECT platform.ensure_partition($1::text::regclass, clock_timestamp() + day)
FROM (VALUES (interval '0'), (interval '1 day')) AS days (day)
"""

_log = get_logger(__name__)


class Database:
    """A pool of connections of one login. Made by `connect`; threads share it."""

    def __init__(self, settings: DatabaseSettings, *, connector: Any = None) -> None:
        key = settings.tenant_context_key
        self._context_key = key.get_secret_value() if key else None
        self._round_trips = Counter()
        self._partitions_made = Counter()
        self._connector = connector
        self._engine = create_engine(
            DRIVER.replace(".", "+") + "://",
            creator=connecting.opener(settings, round_trips=self._round_trips, connector=connector),
            paramstyle="numeric_dollar",
            pool_size=settings.database_pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
            pool_use_lifo=True,  # the last used connection has the warmest statements
            hide_parameters=True,
        )
        guard(self._engine)
        event.listen(self._engine, "checkout", _require_alive)
        self._compiled = lru_cache(maxsize=1000)(self._compile)

    @property
    def round_trips(self) -> int:
        """How often a connection has sent something and waited for the answer (logging in does not count)."""
        return self._round_trips.value

    @property
    def partitions_made(self) -> int:
        """How many partitions were missing and are made: zero, unless the maintenance has stopped."""
        return self._partitions_made.value

    @contextmanager
    def tenant(self, organization_id: UUID) -> Iterator[TenantSession]:
        """Open a transaction that sees and writes the rows of one organization; it commits at the end of the block."""
        with self._unit(self._opening(organization_id)) as connection:
            yield TenantSession(connection)

    @contextmanager
    def system(self) -> Iterator[SystemSession]:
        """Open a transaction without an organization; it commits at the end of the block."""
        with self._unit(None) as connection:
            yield SystemSession(connection)

    def tenant_once(self, organization_id: UUID, statement: str, /, **parameters: object) -> Sequence[Row[Any]]:
        """Execute one statement for an organization, committed when this returns; a lock in the way is tried again."""
        return self._once(self._opening(organization_id), statement, parameters)

    def system_once(self, statement: str, /, **parameters: object) -> Sequence[Row[Any]]:
        """Execute one statement without an organization, committed when this returns; tried again likewise."""
        return self._once(None, statement, parameters)

    def retrying(self, unit: Callable[[], Result]) -> Result:
        """Run `unit`, which opens its own transactions, and run it again (at most twice) when it raises `TryAgain`."""
        began = time.monotonic()
        for attempt in range(1, _ATTEMPTS):
            try:
                return unit()
            except TryAgain:
                if time.monotonic() - began > _ATTEMPTS_END:
                    raise
                time.sleep(random.uniform(0, _MAX_PAUSE) * attempt)  # noqa: S311 (so that rivals do not meet again)
        return unit()

    def close(self) -> None:
        """Close the pool's connections."""
        self._engine.dispose()
        if self._connector is not None:
            self._connector.close()

    def _opening(self, organization_id: UUID) -> Opening:
        if self._context_key is None:
            raise RuntimeError("TENANT_CONTEXT_KEY is not set: this function cannot work for an organization")
        return _SET_CONTEXT, (tenant_context.sign(self._context_key, organization_id),)

    @contextmanager
    def _unit(self, opening: Opening | None) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                adopted: Any = connection.connection.dbapi_connection
                adopted.opening = opening
                try:
                    with connection.begin():
                        yield connection
                finally:
                    adopted.opening = None
        except NoFreeConnection:
            raise _no_free_connection() from None
        except PartitionMissing as missing:
            self._make_partition(missing)
            raise

    def _once(self, opening: Opening | None, statement: str, parameters: dict[str, object]) -> Sequence[Row[Any]]:
        sql, names = self._compiled(statement)
        if len(names) != len(parameters) or not all(name in parameters for name in names):
            raise TypeError(
                f"The statement has the parameters {sorted(names)}, the call {sorted(parameters)}"
                " (a cast is written CAST(:name AS type))"
            )
        values = [parameters[name] for name in names]
        return self.retrying(lambda: self._alone(opening, sql, values))

    def _alone(self, opening: Opening | None, sql: str, values: Sequence[object]) -> Sequence[Row[Any]]:
        try:
            context = self._execute_alone(opening, sql, values)
        except PartitionMissing as missing:
            self._make_partition(missing)
            raise
        if context.columns is None:
            return ()
        columns = _columns(tuple(column["name"] for column in context.columns))
        return [Row(columns, None, columns._key_to_index, tuple(row)) for row in context.rows]  # noqa: SLF001

    def _execute_alone(self, opening: Opening | None, sql: str, values: Sequence[object]) -> Any:
        """Execute past SQLAlchemy's own machinery, which would take longer than the database does."""
        try:
            with self._engine.pool.connect() as borrowed:
                adopted: Any = borrowed.dbapi_connection
                try:
                    return adopted.run_alone(sql, values, opening)
                except BaseException:
                    if not adopted.is_usable:
                        borrowed.invalidate()
                    raise
        except NoFreeConnection:
            raise _no_free_connection() from None
        except Exception as error:
            if (meaning := translate(error)) is None:
                raise
            raise meaning from None

    def _compile(self, statement: str) -> tuple[str, tuple[str, ...]]:
        compiled: Any = text(statement).compile(dialect=self._engine.dialect)
        return compiled.string, tuple(compiled.positiontup or ())

    def _make_partition(self, missing: PartitionMissing) -> None:
        """Make the month of now, and of tomorrow: another clock may be in the next month already."""
        self._alone(None, _MAKE_PARTITION, (missing.table,))
        self._partitions_made.add()
        _log.warning("a partition was missing and is made", table=missing.table)


def connect(settings: DatabaseSettings, *, connector: Any = None) -> Database:
    """Return the database of the settings; nothing is opened before the first statement."""
    if settings.database_url is None and connector is None:
        connector = connecting.cloud_connector()
    return Database(settings, connector=connector)


def _no_free_connection() -> Unavailable:
    return Unavailable(f"No database connection became free within {POOL_TIMEOUT:.0f} s", retry_after=2)


def _require_alive(adopted: PipelinedConnection, _record: object, _proxy: object) -> None:
    """Replace a pooled connection that is finished, without a round trip when it was used a moment ago."""
    if adopted.is_usable:
        is_suspect = adopted.has_arrivals or time.monotonic() - adopted.last_used > PING_AFTER_IDLE
        if not is_suspect or adopted.answers(within=PING_TIMEOUT):
            return
    raise DisconnectionError


@lru_cache(maxsize=1000)
def _columns(names: tuple[str, ...]) -> SimpleResultMetaData:
    return SimpleResultMetaData(names)
