"""The businesses and their questions, and which of them nothing may be tuned on.

Each business is a folder: `documents/` is what it knows, `before/` what it knew earlier (imported first, so that some
files are replaced and others stay beside a newer one that contradicts them), `questions.jsonl` one question a line:

    kind     answerable, unanswerable, stale (only a document past its date says it), conflicting, hostile
    ask      the message as a customer writes it
    sources  the passages that answer it, "file#heading", all of them needed; "a.md#x|b.md#y" accepts either
    says     what a right reply contains
    never    what no reply may contain
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
BUSINESSES: Final = {
    "lunch restaurant": HERE / "lunch_restaurant",
    "shoe shop": HERE / "shoe_shop",
    "bicycle workshop": HERE / "bicycle_workshop",
}
KINDS: Final = ("answerable", "conflicting", "unanswerable", "stale", "hostile")

# Nothing is tuned on these: a whole business, and every fifth question of the others. Both were chosen before any
# question was asked.
HELD_OUT_BUSINESS: Final = "bicycle workshop"
_HELD_OUT_EVERY: Final = 5


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a set. `sources`: for each passage that is needed the names of those that will do."""

    business: str
    kind: str
    ask: str
    sources: tuple[tuple[str, ...], ...]
    says: tuple[str, ...]
    never: tuple[str, ...]
    held_out: bool

    @property
    def has_answer(self) -> bool:
        """Whether the knowledge answers it; else silence is right."""
        return bool(self.sources)


def questions_of(business: str) -> list[Question]:
    """The business's questions in the order of its file."""
    lines = (BUSINESSES[business] / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [_question(business, place, json.loads(line)) for place, line in enumerate(lines)]


def _question(business: str, place: int, line: dict[str, object]) -> Question:
    def texts(key: str) -> tuple[str, ...]:
        given = line.get(key, [])
        assert isinstance(given, list)
        return tuple(given)

    return Question(
        business=business,
        kind=str(line["kind"]),
        ask=str(line["ask"]),
        sources=tuple(tuple(source.split("|")) for source in texts("sources")),
        says=texts("says"),
        never=texts("never"),
        held_out=business == HELD_OUT_BUSINESS or place % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1,
    )
