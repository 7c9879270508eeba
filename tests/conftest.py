"""What every test may ask for: a migrated database of its own, or one shared by the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.database import cloned_database, create_run_folder, remove_run_folder
from tests.support.scheduling import InOurOrder, turn_of
from tests.support.stack import Stack, fresh_stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database


def pytest_configure() -> None:
    """Make the run's folder before xdist starts its workers, which inherit its name."""
    create_run_folder()


def pytest_unconfigure() -> None:
    """Stop what the run started; a worker leaves that to the process that started it."""
    remove_run_folder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first."""
    items.sort(key=lambda item: turn_of(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InOurOrder | None:
    """Hand the files out in that order."""
    return InOurOrder(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture
def database() -> Iterator[Database]:
    """A migrated database for this test alone."""
    with cloned_database() as clone:
        yield clone


@pytest.fixture(scope="module")
def shared_database() -> Iterator[Database]:
    """A migrated database for the tests of one module, which must not disturb one another."""
    with cloned_database() as clone:
        yield clone


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One whole stack for all tests that only talk to it (tests/support/scheduling.py gives them to one worker)."""
    with fresh_stack() as running:
        yield running
