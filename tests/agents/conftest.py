"""A scene for each test: an organization of its own in the module's database, seen through row security."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    """A new organization with one customer."""
    with scene_in(shared_database) as found:
        yield found
