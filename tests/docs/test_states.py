"""docs/operations.md lists every state that must not last, with the age at which it is a fault."""

from __future__ import annotations

import re

from functions.work_sweep.states import HOUR, MINUTE, STATES, Moves
from tests.docs.behaviours import REPOSITORY

_ROW = re.compile(
    r"^\| `([a-z_]+\.[a-z_]+)` = ((?:`[a-z]+`(?:, )?)+)[^|]*\|[^|]*\|[^|]*\| (\d+) (min|h) \|$", re.MULTILINE
)


def documented() -> dict[tuple[str, str], int]:
    """Map (table.column, state) to the age in seconds."""
    text = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    return {
        (column, state): int(number) * (MINUTE if unit == "min" else HOUR)
        for column, states, number, unit in _ROW.findall(text)
        for state in re.findall(r"`([a-z]+)`", states)
    }


def test_every_state_that_must_not_last_is_listed_with_its_age() -> None:
    """O-01: nothing waits unseen; the page says who ends it and when it is a fault."""
    moving = {
        (f"{table.partition('.')[2]}.{column}", state): rule.max_age
        for (table, column), states in STATES.items()
        for state, rule in states.items()
        if isinstance(rule, Moves)
    }

    assert documented() == moving
