"""The case files of tests/channels/cases: one webhook of each kind, and what becomes of it.

A file is `cases/<channel>/<name>.json`:

- `description`: the sentence that the case proves.
- `ids`: the provider's message ids in it, for tests that look for rows.
- `payload`: the body as the provider posts it.
- `items`: the items that it is split into, in order and complete, without `id` and `digest`, and without a `key` that
  holds a digest; or `unreadable`: why it cannot be split.
- `sent`: beside `items`, the replies that the provider receives when every conversation is run afterwards, by a
  responder that answers whatever it is asked: `account`, `to` (the customer's address) and `answers`, the provider's
  ids of the messages that the reply answers, in order (the words of one that has no id). `[]` when nothing is sent.
- `stored` (optional): for the tests that post it, what the database holds afterwards, before anything is answered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One file; `items` is None when the body is unreadable, and `unreadable` then says why."""

    channel: str
    name: str
    description: str
    ids: tuple[str, ...]
    payload: Any
    items: list[dict[str, Any]] | None
    unreadable: str | None
    sent: list[dict[str, Any]] | None
    stored: Any


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, by channel and name."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*/*.json")))


def _read(path: Path) -> Case:
    raw = json.loads(path.read_text(encoding="utf-8"))
    known = {"description", "ids", "payload", "items", "unreadable", "sent", "stored"}
    assert set(raw) <= known, f"{path}: unknown members {set(raw) - known}"
    assert ("items" in raw) != ("unreadable" in raw), f"{path}: either items or unreadable"
    assert ("items" in raw) == ("sent" in raw), f"{path}: items and what is sent go together"
    return Case(
        channel=path.parent.name,
        name=path.stem,
        description=raw["description"],
        ids=tuple(raw["ids"]),
        payload=raw["payload"],
        items=raw.get("items"),
        unreadable=raw.get("unreadable"),
        sent=raw.get("sent"),
        stored=raw.get("stored"),
    )


def comparable(item: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """The item without what a case file leaves out."""
    left_out = {"id", "digest"} | ({"key"} - set(expected))
    return {name: value for name, value in item.items() if name not in left_out}
