"""What `connection` sends in one flush: steps, each one execution of a prepared statement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Prepared:
    """A statement that the server knows by name, with its columns as pg8000 describes them."""

    sql: str
    name: bytes
    columns: list[dict[str, Any]] | None = None
    readers: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Step:
    """One execution within a flush, and what the server answered to it."""

    prepared: Prepared
    request: bytes
    is_parsed: bool = False
    is_described: bool = False
    rows: list[bytes] = field(default_factory=list)
    tag: bytes = b""


NOBODY = Step(Prepared("", b""), b"")  # answers beyond the last step, of which there are none
