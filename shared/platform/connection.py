"""A pg8000 connection that sends each statement in one flush and waits once, and that can never answer out of step.

Stock pg8000 waits three times per statement, and twice more for BEGIN and COMMIT. Here a statement is prepared once per
connection; BEGIN, the tenant context and the first statement travel together. Everything is encoded before the first
byte is written, and all answers are read before the first value is decoded, so that a value that Python cannot encode
or decode leaves the connection in step. docs/decisions/0010-pipelined-connection.md says why.
"""

from __future__ import annotations

import select
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pg8000.dbapi
from pg8000.core import Context
from pg8000.dbapi import DatabaseError, DataError, InterfaceError

from shared.platform import wire
from shared.platform.cursor import PipelinedCursor
from shared.platform.steps import NOBODY, Prepared, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STATEMENTS_KEPT = 200  # prepared statements per connection; one function uses a few dozen
_IN_TRANSACTION = (b"T", b"E")
_FAILED = b"E"


class PipelinedConnection(pg8000.dbapi.Connection):  # type: ignore[misc]
    """One flush and one wait per call of `run`, `run_alone`, `run_many`, `commit`, `rollback` and `answers`.

    `opening` is a statement with its values that every transaction begins with (it is sent with BEGIN). Errors of the
    server are pg8000's `DatabaseError` with the fields that cannot hold a value; values that cannot be sent or read are
    its `DataError`; everything else means that the connection is finished (`is_usable` is False).
    """

    opening: tuple[str, Sequence[object]] | None
    round_trips: wire.Counter
    last_used: float
    _usock: Any
    _sock: Any

    @classmethod
    def adopt(
        cls, connection: pg8000.dbapi.Connection, *, answer_timeout: float, round_trips: wire.Counter
    ) -> PipelinedConnection:
        """Turn a connected pg8000 connection into a pipelined one (the Cloud SQL connector makes only stock ones).

        `answer_timeout` is the longest silence of the server in seconds before the connection is given up.
        """
        connection.__class__ = cls
        connection.py_types.update(wire.WRITERS)
        connection.pg_types.update(wire.READERS)
        connection.message_types[b"E"] = connection.handle_ERROR_RESPONSE
        connection.opening = None
        connection.round_trips = round_trips
        connection.last_used = time.monotonic()
        connection._usock.settimeout(answer_timeout)  # noqa: SLF001 (it is this class's own from here on)
        connection._answer_timeout = answer_timeout  # noqa: SLF001
        connection._inbox = wire.Inbox(connection._sock)  # noqa: SLF001
        connection._is_in_step = True  # noqa: SLF001
        connection._statements = OrderedDict()  # noqa: SLF001
        connection._forgotten = []  # noqa: SLF001
        connection._named = 0  # noqa: SLF001
        connection._arrivals = select.poll()  # noqa: SLF001
        connection._arrivals.register(connection._usock, select.POLLIN)  # noqa: SLF001
        adopted: PipelinedConnection = connection
        return adopted

    @property
    def is_usable(self) -> bool:
        """Whether it is open and in step with the server, as far as this side knows."""
        return self._usock is not None and self._is_in_step

    @property
    def has_arrivals(self) -> bool:
        """Whether something came unasked: the server's farewell, its end of the connection, or a mere notice."""
        return bool(self._arrivals.poll(0))

    def cursor(self) -> PipelinedCursor:
        """Return a DB-API cursor; statements have $1, $2 … as their parameters."""
        return PipelinedCursor(self)

    def run(self, sql: str, values: Sequence[object] = ()) -> Context:
        """Execute in the current transaction, beginning one (with `opening`) if there is none."""
        step = self._step(sql, values)
        self._exchange([*self._begin_steps(), step])
        return self._result(step)

    def run_alone(
        self, sql: str, values: Sequence[object], before: tuple[str, Sequence[object]] | None = None
    ) -> Context:
        """Execute `before` and the statement as one transaction of their own: committed when this returns.

        Statements of one flush are one transaction of the protocol, ended by its Sync; BEGIN and COMMIT are not needed.
        """
        if self._in_transaction:
            raise InterfaceError("a transaction is open: run_alone would end it")
        steps = [self._step(*before)] if before else []
        steps.append(self._step(sql, values))
        self._exchange(steps)
        return self._result(steps[-1])

    def run_many(self, sql: str, value_sets: Iterable[Sequence[object]]) -> Context:
        """Execute once per set of values in one flush; the result has the sum of the row counts and no rows."""
        steps: list[Step] = []
        for values in value_sets:
            known = steps[0].prepared if steps else None
            steps.append(self._step(sql, values, known))
        context = Context(sql)
        if steps:
            self._exchange([*self._begin_steps(), *steps])
            counts = [wire.row_count(step.tag) for step in steps]
            context.row_count = -1 if -1 in counts else sum(counts)
        return context

    def copy(self, sql: str, stream: object) -> Context:
        """COPY from or to a stream the way stock pg8000 does; after any error the connection is finished."""
        if begin := self._begin_steps():
            self._exchange(begin)
        self._require_usable()
        self._is_in_step = False
        context = self.execute_unnamed(sql, stream=stream)
        self._is_in_step = True
        return context

    def commit(self) -> None:
        """Commit; no traffic when no transaction is open. A transaction that failed raises 25P02 and is rolled back."""
        if not self._in_transaction:
            return
        step = self._step("COMMIT", ())
        self._exchange([step])
        if step.tag != b"COMMIT":
            raise DatabaseError({"C": "25P02", "V": "ERROR", "M": "the transaction had failed and is rolled back"})

    def rollback(self) -> None:
        """Roll back; no traffic when no transaction is open or the connection is finished."""
        if self._in_transaction and self.is_usable:
            self._exchange([self._step("ROLLBACK", ())])

    def answers(self, *, within: float) -> bool:
        """Whether the server answers to an empty flush within that many seconds; if not, the connection is finished."""
        if not self.is_usable:
            return False
        try:
            self._usock.settimeout(within)
            self._exchange([])
            self._usock.settimeout(self._answer_timeout)
        except (OSError, InterfaceError):
            return False
        return True

    def close(self) -> None:
        """Close, quietly when the other side is gone already."""
        if self._usock is None:
            return
        usock, stream = self._usock, self._sock
        self._usock = self._sock = None
        try:
            if self._is_in_step:
                usock.settimeout(1)  # a farewell is a courtesy; a black hole must not hold the caller
                usock.sendall(wire.TERMINATE)
        except OSError:
            pass
        finally:
            for end in (stream, usock):
                try:
                    end.close()
                except (OSError, ValueError):
                    continue

    def handle_messages(self, context: Context) -> None:
        """Read up to ReadyForQuery for the methods of stock pg8000 (COPY), through the same inbox."""
        code = 0
        while code != wire.READY_FOR_QUERY:
            code, body = self._inbox.next_message()
            self.message_types[bytes((code,))](body, context)
        if context.error is not None:
            raise context.error

    def handle_ERROR_RESPONSE(self, data: bytes, context: Context) -> None:  # noqa: N802 (pg8000's name)
        """Keep what cannot quote a value."""
        context.error = DatabaseError(wire.safe_error(data))

    def _begin_steps(self) -> list[Step]:
        if self._in_transaction or self.autocommit:
            return []
        steps = [self._step("BEGIN", ())]
        if self.opening is not None:
            steps.append(self._step(*self.opening))
        return steps

    def _step(self, sql: str, values: Sequence[object], known: Prepared | None = None) -> Step:
        """Encode one execution. Raises `DataError` before anything is sent."""
        prepared = known or self._statements.get(sql)
        try:
            if prepared is not None:
                request = wire.bind_and_execute(prepared.name, wire.encode_values(self.py_types, values))
                if known is None:
                    self._statements.move_to_end(sql)
                return Step(prepared, request)
            self._named += 1
            prepared = Prepared(sql, b"s%d" % self._named)
            request = wire.parse_and_describe(prepared.name, sql)
            request += wire.bind_and_execute(prepared.name, wire.encode_values(self.py_types, values))
        except Exception as error:  # noqa: BLE001 (whatever a value's own code raises)
            reason = f"a value cannot be sent: {type(error).__name__}"
            raise DataError({"C": "22021", "V": "ERROR", "M": reason}) from None
        return Step(prepared, request)

    def _exchange(self, steps: list[Step]) -> None:
        """Send the steps and one Sync in one flush, read everything, then raise the server's error if there was one."""
        self._require_usable()
        requests = [*map(wire.close_statement, self._forgotten), *(step.request for step in steps), wire.SYNC]
        self._forgotten.clear()
        self._is_in_step = False
        self.round_trips.add()
        try:
            self._usock.sendall(b"".join(requests))
            error = self._receive(steps)
        except OSError as lost:
            raise InterfaceError("network error") from lost
        self._is_in_step = True
        self.last_used = time.monotonic()
        self._remember(steps, error)
        if error is not None:
            raise DatabaseError(error)

    def _require_usable(self) -> None:
        if not self.is_usable:
            raise InterfaceError("connection is closed")

    def _receive(self, steps: list[Step]) -> dict[str, str] | None:
        """Read up to ReadyForQuery; answers come in the order of the steps, and none after an error."""
        waiting = iter(steps)
        step = next(waiting, NOBODY)
        error: dict[str, str] | None = None
        while True:
            try:
                code, body = self._inbox.next_message()
            except EOFError:
                raise InterfaceError(f"network error {error or ''}") from None
            if code == wire.DATA_ROW:
                step.rows.append(body)
            elif code in wire.END_OF_STATEMENT:
                step.tag = body[:-1]
                step = next(waiting, NOBODY)
            elif code == wire.READY_FOR_QUERY:
                self._transaction_status = body
                return error
            elif code == wire.ERROR_RESPONSE:
                error = error or wire.safe_error(body)
            elif code not in wire.WITHOUT_MEANING:
                self._take_rare(step, code, body)

    def _take_rare(self, step: Step, code: int, body: bytes) -> None:
        if code == wire.PARSE_COMPLETE:
            step.is_parsed = True
        elif code in (wire.ROW_DESCRIPTION, wire.NO_DATA):
            self._describe(step, body if code == wire.ROW_DESCRIPTION else None)
        elif code == wire.COPY_IN_RESPONSE:
            self._usock.sendall(wire.COPY_FAIL + wire.SYNC)  # COPY needs a stream: see copy()
        else:  # notices, notifications and changed settings
            self.message_types[bytes((code,))](body, Context(None))

    def _describe(self, step: Step, body: bytes | None) -> None:
        step.is_described = True
        if body is not None:
            context = Context(None)
            self.handle_ROW_DESCRIPTION(body, context)
            step.prepared.columns, step.prepared.readers = context.columns, context.input_funcs

    def _remember(self, steps: list[Step], error: dict[str, str] | None) -> None:
        """Keep what the server has prepared; forget what it will not execute any more."""
        for step in steps:
            if step.is_parsed and step.is_described:
                self._statements[step.prepared.sql] = step.prepared
        while len(self._statements) > STATEMENTS_KEPT:
            self._forgotten.append(self._statements.popitem(last=False)[1].name)
        if error is not None and wire.is_stale_plan(error):
            for step in steps:
                if self._statements.pop(step.prepared.sql, None) is not None:
                    self._forgotten.append(step.prepared.name)

    def _result(self, step: Step) -> Context:
        prepared = step.prepared
        context = Context(prepared.sql, columns=prepared.columns, input_funcs=prepared.readers)
        context.row_count = wire.row_count(step.tag)
        if prepared.columns is not None:
            try:
                context.rows = wire.decode_rows(prepared.readers, step.rows)
            except Exception as error:  # noqa: BLE001 (whatever a reader raises, the connection is in step)
                raise DataError(
                    {"C": "22000", "V": "ERROR", "M": f"a value cannot be read: {type(error).__name__}"}
                ) from None
        return context
