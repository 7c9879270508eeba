"""The seed as it was specified, its statements one by one, and the least repair that lets PostgreSQL read all of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pg8000.dbapi

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED_FILE = Path(__file__).parents[2] / "docs" / "seed-schema.sql"
_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\$\$.*?\$\$|;", re.DOTALL)


def statements() -> list[str]:
    """Every statement of the seed, without comments before it and without its semicolon."""
    return list(_split(SEED_FILE.read_text(encoding="utf-8")))


def failures(connection: Any, seed: list[str]) -> dict[str, str]:
    """Run the statements one after the other; the title of each that fails → its SQLSTATE."""
    failed = {}
    cursor = connection.cursor()
    for statement in seed:
        try:
            cursor.execute(statement)
        except pg8000.dbapi.DatabaseError as error:
            failed[title(statement)] = error.args[0]["C"]
    return failed


def title(statement: str) -> str:
    """What a statement makes, short: 'CREATE INDEX idx_users_email', 'CREATE TABLE platform.users'."""
    head = re.sub(r"\s+", " ", re.split(r"[(;]|\bFOR VALUES\b|\bFOR ALL\b|\bUSING\b", statement, maxsplit=1)[0]).strip()
    head = re.sub(r" (OR REPLACE|IF NOT EXISTS)\b", "", head)
    return re.sub(r"^(CREATE INDEX \w+) ON .*", r"\1", head)


def readable_statements() -> list[str]:
    """The statements with just enough repaired that all of it can be created and so be compared.

    Partitioned tables become plain ones (their keys are in `partition_keys`), and partitions of them are left out.
    """
    return [
        re.sub(r"\) PARTITION BY RANGE \(\w+\)$", ")", statement)
        for statement in statements()
        if not re.match(r"CREATE TABLE \S+ PARTITION OF", statement)
    ]


def partition_keys() -> dict[str, str]:
    """Partition key of each table that the seed partitions, in PostgreSQL's wording."""
    keys = {}
    for statement in statements():
        match = re.search(r"^CREATE TABLE (\S+) .*\) PARTITION BY RANGE \((\w+)\)$", statement, re.DOTALL)
        if match:
            keys[match[1]] = f"RANGE ({match[2]})"
    return keys


def _split(text: str) -> Iterator[str]:
    statement = ""
    position = 0
    for token in _TOKEN.finditer(text):
        statement += text[position : token.start()]
        position = token.end()
        if token[0] == ";":
            yield statement.strip()
            statement = ""
        elif not token[0].startswith("--") or statement.strip():
            statement += token[0]
