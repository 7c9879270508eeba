"""Reads the tables of docs/schema.md that tests compare with the database."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "schema.md"
_CODE = re.compile(r"`([^`]+)`")


def documented_differences() -> dict[str, list[str]]:
    """Id of each row of the table of deviations → its patterns, in which `*` stands for any text."""
    rows = _rows("Deviations from the seed")
    return {row[0]: _CODE.findall(row[3]) for row in rows}


def documented_statements() -> dict[str, str]:
    """Each statement of the seed that fails as given → its SQLSTATE."""
    return {statement: row[1] for row in _rows("Statements that fail as given") for statement in _CODE.findall(row[0])}


def documented_calls() -> dict[str, str]:
    """Each call of a function of the seed that fails → its SQLSTATE."""
    return {call: row[1] for row in _rows("Functions that fail when called") for call in _CODE.findall(row[0])}


def documented_tables() -> set[str]:
    """The tables and views of the overview."""
    return {_CODE.findall(row[0])[0] for row in _rows("Tables")}


def matches(pattern: str, difference: str) -> bool:
    """Whether the pattern covers the difference."""
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), difference) is not None


def _rows(heading: str) -> list[list[str]]:
    """The cells of every table row under one heading, down to the next heading of its level."""
    text = DOCUMENT.read_text(encoding="utf-8")
    section = re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in rows if row[0] not in ("Id", "Table", "Statement", "Call")]
