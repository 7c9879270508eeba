"""docs/handoff.md lists every reason for which the code gives a conversation to people."""

from __future__ import annotations

import re
from typing import get_args

from shared.agents.reply_schema import HandOver
from tests.docs.behaviours import REPOSITORY

_IN_SQL = re.compile(r"hand_over\([^;]*?'(?:human|dead)',\s*'([a-z_]+)'")
_OF_INTAKE = re.compile(r"'(human_echo|message_too_old|contact_merged)'")
_IN_PYTHON = re.compile(r"reason=\"([a-z_]+)\"")
_OF_MODELS = re.compile(r"(?:GARBAGE|UNAVAILABLE|REFUSED|UNCITED|UNREADABLE|CUSTOMER_ASKED): Final = \"([a-z_]+)\"")


def reasons_in_the_code() -> set[str]:
    sql = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "migrations" / "sql").glob("*.sql"))
    python = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "shared" / "agents").rglob("*.py"))
    found = (_IN_SQL.findall(sql), _OF_INTAKE.findall(sql), _IN_PYTHON.findall(python), _OF_MODELS.findall(python))
    return {*get_args(HandOver), *(reason for reasons in found for reason in reasons)}


def test_every_reason_is_listed() -> None:
    page = (REPOSITORY / "docs" / "handoff.md").read_text(encoding="utf-8")
    rows = "".join(line.partition("|")[2].partition("|")[0] for line in page.splitlines() if line.startswith("| `"))
    found = reasons_in_the_code()

    assert {"turn_attempts", "message_too_old", "spending_limit", "model_garbage"} <= found, "the patterns find nothing"
    assert found - set(re.findall(r"`([a-z_]+)`", rows)) == set()
