"""Clusters without any of the project's roles, which a migration has to make."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.database import embedded_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Server

EMBEDDED_VERSIONS = (16, 18)


@pytest.fixture(params=EMBEDDED_VERSIONS, ids="PostgreSQL {}".format)
def bare_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each embedded version with no role and no database but its own."""
    yield from _bare(request.param)


@pytest.fixture
def bare_server_18() -> Iterator[Server]:
    """A server with no role and no database but its own."""
    yield from _bare(18)


def _bare(version: int) -> Iterator[Server]:
    server = embedded_server(version, name=f"bare-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")
    try:
        yield server
    finally:
        with contextlib.closing(server.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
            # a login that granted one role to another goes after them
            cursor.execute(
                "SELECT rolname FROM pg_roles WHERE rolname <> 'postgres' AND rolname NOT LIKE 'pg\\_%'"
                " ORDER BY rolcanlogin"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP ROLE {name}")
