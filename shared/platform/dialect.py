"""SQLAlchemy's dialect for `connection`: $1, $2 … as they are, and no question that the server's greeting answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000

if TYPE_CHECKING:
    from sqlalchemy import Connection

DRIVER = "postgresql.pipelined"


class PipelinedDialect(PGDialect_pg8000):
    """Stock asks four questions on an engine's first connection; the server has said all of it when it connected."""

    driver = "pipelined"
    supports_statement_cache = True
    statement_compiler: Any = PGCompiler  # pg8000's doubles the percent sign, which only its own placeholders need

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        adopted: Any = connection.connection.dbapi_connection
        version = adopted.parameter_statuses["server_version"]
        return tuple(int(part) for part in re.findall(r"\d+", version)[:2])

    def _get_default_schema_name(self, _connection: Connection) -> str:
        return "public"

    def get_default_isolation_level(self, _dbapi_connection: object) -> Any:
        """PostgreSQL's own default; nothing here changes it."""
        return "READ COMMITTED"

    def _set_backslash_escapes(self, connection: Connection) -> None:
        adopted: Any = connection.connection.dbapi_connection
        self._backslash_escapes = adopted.parameter_statuses["standard_conforming_strings"] == "off"


registry.register(DRIVER, __name__, PipelinedDialect.__name__)
