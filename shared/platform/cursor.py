"""The DB-API cursor of `connection`, through which SQLAlchemy speaks to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pg8000.dbapi
from pg8000.dbapi import InterfaceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.platform.connection import PipelinedConnection


class PipelinedCursor(pg8000.dbapi.Cursor):  # type: ignore[misc]
    """pg8000's cursor over `PipelinedConnection`; statements come with $1, $2 … in place."""

    def execute(self, operation: str, args: Sequence[object] = (), stream: object = None) -> None:
        """Execute one statement."""
        connection = self._open_connection()
        context = connection.run(operation, args) if stream is None else connection.copy(operation, stream)
        self._context = context
        self._row_iter = None if context.rows is None else iter(context.rows)

    def executemany(self, operation: str, param_sets: Iterable[Sequence[object]]) -> None:
        """Execute one statement with each set of values, in one flush."""
        self._context = self._open_connection().run_many(operation, param_sets)
        self._row_iter = None

    def _open_connection(self) -> PipelinedConnection:
        if self._c is None:
            raise InterfaceError("Cursor closed")
        return cast("PipelinedConnection", self._c)
