"""The platform's own parts over a migrated database."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol

import pytest

from shared.platform.database import Database, connect
from shared.platform.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database as MigratedDatabase


class Open(Protocol):
    """Opens a `Database` over a test's database."""

    def __call__(
        self, database: MigratedDatabase, login: str = ..., *, pool_size: int = ..., socket: str = ...
    ) -> Database:
        """`socket` is another one than the server's, such as a proxy's."""


def settings_of(database: MigratedDatabase, login: str, *, pool_size: int = 2, socket: str = "") -> DatabaseSettings:
    """The settings of a function that logs in as `login`."""
    url = database.url(login)
    if socket:
        url = url.replace(database.server.socket, socket)
    return DatabaseSettings.model_validate(
        {
            "database_url": url,
            "database_pool_size": pool_size,
            "tenant_context_key": base64.b64encode(database.tenant_context_key).decode(),
        }
    )


@pytest.fixture
def open_database() -> Iterator[Open]:
    """Opens databases that are closed after the test."""
    opened: list[Database] = []

    def open_one(
        database: MigratedDatabase, login: str = "application", *, pool_size: int = 2, socket: str = ""
    ) -> Database:
        opened.append(connect(settings_of(database, login, pool_size=pool_size, socket=socket)))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()
