"""PostgreSQL's protocol 3.0, as far as `connection` speaks it: messages out, messages in, values both ways.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import threading
from datetime import date, datetime
from struct import Struct
from typing import TYPE_CHECKING, Any

from pg8000 import converters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARSE_COMPLETE, BIND_COMPLETE, CLOSE_COMPLETE = b"123"
COMMAND_COMPLETE, DATA_ROW, ERROR_RESPONSE, EMPTY_QUERY = b"CDEI"
ROW_DESCRIPTION, NO_DATA, PARAMETER_DESCRIPTION, READY_FOR_QUERY = b"TntZ"
COPY_IN_RESPONSE, COPY_OUT_RESPONSE, COPY_DATA, COPY_DONE = b"GHdc"
END_OF_STATEMENT = frozenset((COMMAND_COMPLETE, EMPTY_QUERY))
WITHOUT_MEANING = frozenset(
    (BIND_COMPLETE, CLOSE_COMPLETE, PARAMETER_DESCRIPTION, COPY_OUT_RESPONSE, COPY_DATA, COPY_DONE)
)

_HEADER = Struct("!Bi")
_INT16 = Struct("!H")
_INT32 = Struct("!i")
_HEADER_SIZE = 5
_CHUNK = 8192  # bytes asked of the socket at once; an ordinary answer is smaller


def _message(code: bytes, body: bytes = b"") -> bytes:
    return code + _INT32.pack(len(body) + 4) + body


SYNC = _message(b"S")
TERMINATE = _message(b"X")
COPY_FAIL = _message(b"f", b"no stream was given\0")
_EXECUTE = _message(b"E", b"\0" + _INT32.pack(0))
_NULL = _INT32.pack(-1)


def parse_and_describe(name: bytes, sql: str) -> bytes:
    """Prepare `sql` under `name` (parameter types are the server's choice) and ask for its columns."""
    return _message(b"P", name + b"\0" + sql.encode() + b"\0\0\0") + _message(b"D", b"S" + name + b"\0")


def bind_and_execute(name: bytes, values: Sequence[bytes | None]) -> bytes:
    """Execute the prepared statement with values in text format, rows in text format."""
    parts = [b"\0", name, b"\0\0\0", _INT16.pack(len(values))]
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts.append(_INT32.pack(len(value)))
            parts.append(value)
    parts.append(b"\0\0")
    return _message(b"B", b"".join(parts)) + _EXECUTE


def close_statement(name: bytes) -> bytes:
    """Make the server forget the prepared statement."""
    return _message(b"C", b"S" + name + b"\0")


class Inbox:
    """The server's messages, read from a socket's file in large pieces."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._held = b""
        self._at = 0

    def next_message(self) -> tuple[int, bytes]:
        """Wait for one message: its code and its body. Raises `EOFError` when the server has gone, `OSError`."""
        while len(self._held) - self._at < _HEADER_SIZE:
            self._fill(_CHUNK)
        code, length = _HEADER.unpack_from(self._held, self._at)
        while (missing := self._at + 1 + length - len(self._held)) > 0:
            self._fill(missing)
        start, end = self._at + _HEADER_SIZE, self._at + 1 + length
        self._at = end
        return code, self._held[start:end]

    def _fill(self, missing: int) -> None:
        """Read more: what has come if little is missing, all of it if much is (one copy of a large value)."""
        more = self._stream.read1(_CHUNK) if missing <= _CHUNK else self._stream.read(missing)
        if not more:
            raise EOFError
        self._held = self._held[self._at :] + more
        self._at = 0


class Counter:
    """A count that threads share."""

    def __init__(self) -> None:
        self.value = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        """Count one more."""
        with self._lock:
            self.value += 1


def encode_values(writers: dict[type, Callable[[Any], str | None]], values: Sequence[object]) -> list[bytes | None]:
    """Encode for Bind. Raises whatever the value's own code raises (a lone surrogate: UnicodeEncodeError)."""
    _INT16.pack(len(values))  # more than 65,535 cannot be counted on the wire
    encoded: list[bytes | None] = []
    for value in values:
        text = converters.make_param(writers, value)
        encoded.append(None if text is None else text.encode())
    return encoded


def decode_rows(readers: list[Callable[[str], Any]], rows: list[bytes]) -> list[list[Any]]:
    """Decode DataRow bodies. Raises whatever a reader raises."""
    decoded = []
    for body in rows:
        at = 2
        row: list[Any] = []
        for read in readers:
            (length,) = _INT32.unpack_from(body, at)
            at += 4
            if length < 0:
                row.append(None)
            else:
                row.append(read(body[at : at + length].decode()))
                at += length
        decoded.append(row)
    return decoded


def row_count(tag: bytes) -> int:
    """Return the rows that a command tag counts ("UPDATE 3"), or -1."""
    last = tag.rpartition(b" ")[2]
    return int(last) if last.isdigit() else -1


# These say what is wrong with the program's own SQL or its rights, and quote nothing but names.
_MESSAGE_QUOTES_NO_VALUE = frozenset(("42501", "42601", "42702", "42703", "42804", "42883", "42P01", "42P08", "42P18"))
_CLASS_QUOTES_NO_VALUE = ("08", "28", "3D", "53", "57")
_KEPT_FIELDS = "VCPRstncd"  # severity, SQLSTATE, position, routine, schema, table, constraint, column, data type


def safe_error(body: bytes) -> dict[str, str]:
    """Return an ErrorResponse without the fields in which PostgreSQL quotes values."""
    fields = {part[:1].decode("ascii"): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    code = fields.get("C", "")
    kept = {key: fields[key] for key in _KEPT_FIELDS if key in fields}
    if "M" in fields and (code in _MESSAGE_QUOTES_NO_VALUE or code[:2] in _CLASS_QUOTES_NO_VALUE):
        kept["M"] = fields["M"]
    return kept


def is_missing_partition(error: dict[str, str]) -> bool:
    """Whether a row found no partition (a CHECK that was violated has the same SQLSTATE, and a name)."""
    return error.get("C") == "23514" and "n" not in error and error.get("R") == "ExecFindPartition"


def is_stale_plan(error: dict[str, str]) -> bool:
    """Whether a prepared statement is no longer what it was: its table changed (0A000) or it is gone (26000)."""
    return error.get("C") == "26000" or (error.get("C") == "0A000" and error.get("R") == "RevalidateCachedQuery")


def _write_array(value: list[Any]) -> str:
    return "{" + ",".join(_write_element(element) for element in value) + "}"


def _write_element(element: object) -> str:
    """Write one element; text is always quoted (pg8000 leaves it bare, and reads the word null as NULL)."""
    if element is None:
        return "NULL"
    if isinstance(element, list):
        return _write_array(element)
    text: str = converters.make_param(WRITERS, element)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read_moment(text: str) -> Any:
    try:
        return datetime.fromisoformat(text)  # a tenth of strptime's time
    except ValueError:
        return converters.timestamptz_in(text)  # infinity, years past 9999


def _read_date(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return converters.date_in(text)


WRITERS: dict[type, Callable[[Any], str | None]] = {**converters.PY_TYPES, list: _write_array}
READERS: dict[int, Callable[[str], Any]] = {converters.TIMESTAMPTZ: _read_moment, converters.DATE: _read_date}
