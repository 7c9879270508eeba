"""What a failed statement means to its caller. Never the server's message: PostgreSQL quotes values in it.

`TryAgain` is `Unavailable`: whoever does not repeat by itself lets the queue or the provider do so.
"""

from __future__ import annotations

from struct import error as StructError  # noqa: N812 (an exception)
from typing import TYPE_CHECKING, Any

from pg8000.dbapi import DatabaseError, DataError, InterfaceError
from sqlalchemy import event

from shared.kit.errors import Unavailable
from shared.platform import wire

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import ExceptionContext

_LOCK_TROUBLE = ("40001", "40P01", "55P03")  # serialization failure, deadlock, lock_timeout
_QUERY_CANCELED, _READ_ONLY = "57014", "25006"  # statement_timeout; a server that is failing over
# connection, resources (disk full, too many connections), operator (shutdown), system (input/output), and logging in,
# which fails while a role, a right or a database is being made
_SERVER_TROUBLE = ("08", "28", "3D", "53", "57", "58")


class StatementFailed(Exception):
    """PostgreSQL refused a statement: a defect of the program, unless the caller expects this SQLSTATE."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.sqlstate = fields.get("C", "")
        self.constraint = fields.get("n")
        self.table = f"{fields['s']}.{fields['t']}" if "s" in fields and "t" in fields else None
        what = (self.constraint, self.table, fields.get("M"), fields.get("P") and f"at character {fields['P']}")
        super().__init__(" ".join(("SQLSTATE", self.sqlstate, *(part for part in what if part))))


class ConstraintViolated(StatementFailed):
    """A row breaks a constraint, named by `constraint` (SQLSTATE class 23: 23505 unique, 23503 reference, …)."""


class ValueRefused(StatementFailed):
    """A value cannot be sent, stored or read back (SQLSTATE class 22). The connection is unharmed."""


class TryAgain(Unavailable):
    """The unit was rolled back and would probably succeed now: a lock, a deadlock, a plan that became stale."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(f"The database was in the way: SQLSTATE {fields.get('C')}", retry_after=1)
        self.sqlstate = fields.get("C", "")


class PartitionMissing(TryAgain):
    """A row found no partition: `table` lacks the month of the row's time, which PostgreSQL does not tell us."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(fields)
        self.table = f"{fields['s']}.{fields['t']}"


def translate(error: BaseException) -> Exception | None:
    """Return what `error` of the driver means to a caller; None for what is not the driver's."""
    if isinstance(error, DatabaseError):
        fields = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        return _translate_fields(fields, is_value=isinstance(error, DataError))
    if isinstance(error, InterfaceError | OSError | EOFError | StructError):
        return Unavailable("The database did not answer")
    return None


def _translate_fields(fields: dict[str, str], *, is_value: bool) -> Exception:
    code = fields.get("C", "")
    if wire.is_missing_partition(fields):
        return PartitionMissing(fields)
    if code in _LOCK_TROUBLE or wire.is_stale_plan(fields):
        return TryAgain(fields)
    if code[:2] in _SERVER_TROUBLE or code == _READ_ONLY:
        reason = "took too long" if code == _QUERY_CANCELED else "has trouble"
        return Unavailable(f"The database {reason}: SQLSTATE {code}")
    if code.startswith("23"):
        return ConstraintViolated(fields)
    if is_value or code.startswith("22"):
        return ValueRefused(fields)
    return StatementFailed(fields)


def discard_after_other_errors(context: ExceptionContext) -> None:
    """Mark every exception that is not pg8000's own `DatabaseError` as the end of its connection.

    When Python raises in the middle of a statement, stock pg8000 loses step: the next borrower of the connection would
    receive the answers to somebody else's statements. Our connection notices by itself; this is the second guard.
    """
    if not isinstance(context.original_exception, DatabaseError):
        context.is_disconnect = True
        if not isinstance(context.original_exception, InterfaceError | OSError):
            # one bad value says nothing about the other connections
            context.invalidate_pool_on_disconnect = False


def _translate_context(context: ExceptionContext) -> Exception | None:
    return translate(context.original_exception)


def guard(engine: Engine) -> None:
    """Put both listeners on the engine."""
    listen: Any = event.listen
    listen(engine, "handle_error", discard_after_other_errors)
    listen(engine, "handle_error", _translate_context)
