"""The module's database as the application sees it, and organizations that know something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.knowledge.ingestion.running import Means
from shared.platform.settings import StorageSettings
from shared.platform.storage import CloudStorage
from tests.knowledge import ingesting
from tests.knowledge.chunk_rows import Find
from tests.knowledge.sites import Site, serving
from tests.media import conftest as media
from tests.support.conversations import open_database
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database

emulator = media.emulator


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


@pytest.fixture(scope="module")
def bucket(emulator: str) -> Iterator[CloudStorage]:
    """Object storage."""
    storage = CloudStorage(StorageSettings(media_bucket=ingesting.BUCKET, storage_emulator_host=emulator))
    yield storage
    storage.close()


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site that also plays the models of vectors."""
    with serving() as running:
        yield running


@pytest.fixture
def knowing(
    application: ApplicationDatabase, tenant: Tenant, bucket: CloudStorage, site: Site
) -> Iterator[ingesting.Knowing]:
    """The test's own organization, with all that brings documents in."""
    pages = ingesting.pages(site)
    means = Means(
        database=application,
        embedders=ingesting.embedders(site),
        pages=pages,
        storage=bucket,
        bucket=ingesting.BUCKET,
    )
    yield ingesting.Knowing(means, site, tenant)
    pages.close()
