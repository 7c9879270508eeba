"""The chain of Alembic revisions, derived from the sorted files of `sql/`: a migration is one file and nothing else."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from types import ModuleType

from alembic import op
from alembic.script import Script
from alembic.script.revision import RevisionMap

SQL_DIRECTORY = Path(__file__).parent / "sql"
_FILE_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")


class ChainBroken(Exception):
    """The files of `sql/` are no chain: a bad name, a number twice, or a first line that says nothing."""


def migration_files(directory: Path = SQL_DIRECTORY) -> list[Path]:
    """The migration files in the order in which they run; raises ChainBroken."""
    files = sorted(directory.glob("*.sql"))
    numbers: dict[str, str] = {}
    for file in files:
        match = _FILE_NAME.fullmatch(file.name)
        if match is None:
            raise ChainBroken(f"{file.name}: a migration is named NNNN_what_it_does.sql")
        if match["number"] in numbers:
            raise ChainBroken(f"{file.name} and {numbers[match['number']]} have the same number")
        numbers[match["number"]] = file.name
    return files


def revision_map(directory: Path = SQL_DIRECTORY) -> RevisionMap:
    """Alembic's map of the chain; a revision's id is its file's number."""
    scripts: list[Script] = []
    previous: str | None = None
    for file in migration_files(directory):
        text = file.read_text(encoding="utf-8")
        first_line = text.split("\n", 1)[0]
        if not first_line.startswith("-- "):
            raise ChainBroken(f"{file.name}: the first line is a comment that says what the migration does and why")
        number = file.name[:4]
        module = ModuleType(file.stem, first_line[3:])
        vars(module).update(
            revision=number, down_revision=previous, branch_labels=None, depends_on=None, upgrade=partial(_run, text)
        )
        scripts.append(Script(module, number, str(file)))
        previous = number
    return RevisionMap(lambda: scripts)


def _run(text: str) -> None:
    # Without parameters pg8000 sends the text as one simple query: several statements, and `%` and `$$` untouched.
    op.get_bind().exec_driver_sql(text)
