"""An operator over the module's database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.operators import Operator, operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


@pytest.fixture
def operator(shared_database: Database, tmp_path: Path) -> Iterator[Operator]:
    """Logs in as the application."""
    with operator_of(shared_database, tmp_path) as found:
        yield found
