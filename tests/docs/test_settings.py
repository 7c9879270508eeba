"""docs/operations.md names every setting, with its default."""

import re
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined

from shared.platform import settings
from tests.docs.behaviours import REPOSITORY

OPERATIONS = REPOSITORY / "docs" / "operations.md"
_ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (?:—|`([^`]*)`) \|", re.MULTILINE)


def documented(page: Path = OPERATIONS) -> dict[str, str | None]:
    """Map each documented setting to its default as written; None for a dash."""
    text = page.read_text(encoding="utf-8")
    return {name: default or None for name, default in _ROW.findall(text)}


def declared() -> dict[str, str | None]:
    """Map each field of the settings classes to its default as text; None where there is none."""
    found: dict[str, str | None] = {}
    for value in vars(settings).values():
        if isinstance(value, type) and issubclass(value, settings.Settings) and value is not settings.Settings:
            for name, field in value.model_fields.items():
                absent = field.default is PydanticUndefined or field.default in (None, {}, ())
                found[name.upper()] = None if absent else str(field.default)
    return found


def test_every_setting_is_in_the_table_with_its_default() -> None:
    assert documented() == declared()


def test_a_setting_that_is_not_in_the_table_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "operations.md"
    page.write_text(OPERATIONS.read_text(encoding="utf-8").replace("| `LOG_LEVEL` |", "| `LOG_LEVELS` |"))

    with pytest.raises(AssertionError):
        assert documented(page) == declared()
