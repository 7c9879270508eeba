"""The module's database as the application sees it, and organizations that know something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.knowledge.chunk_rows import Find
from tests.support.conversations import open_database
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database


@pytest.fixture(scope="module")
def application(shared_database: Database) -> Iterator[ApplicationDatabase]:
    """The module's database as the functions reach it: as `application`, under row security."""
    opened = open_database(shared_database, "application")
    yield opened
    opened.close()


@pytest.fixture
def tenant(shared_database: Database) -> Tenant:
    """A new organization that knows nothing yet."""
    return make_organization(shared_database)


@pytest.fixture
def find(application: ApplicationDatabase, tenant: Tenant) -> Find:
    """Asks as the test's own organization."""
    return Find(application, tenant)
