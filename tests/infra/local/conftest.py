"""Servers that the tests of a module share; each test makes queues of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.tasks.faults import TaskFaults
from tests.infra.local.meta_server import MetaServer, running_meta_server
from tests.infra.local.running_stack import RunningStack, stack_folder
from tests.infra.local.task_server import TaskServer, running_task_server
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def task_server() -> Iterator[TaskServer]:
    """A Cloud Tasks server with the public client."""
    with running_task_server() as server:
        yield server


@pytest.fixture
def tasks(task_server: TaskServer) -> TaskServer:
    """The module's server, with a worker that has received nothing and no faults."""
    eventually(lambda: task_server.worker.busy == 0)
    task_server.worker.reset()
    task_server.engine.faults = TaskFaults()
    return task_server


@pytest.fixture(scope="module")
def meta_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetaServer]:
    """A Meta sandbox with a receiver for its webhooks."""
    with running_meta_server(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def meta(meta_server: MetaServer) -> MetaServer:
    """The module's sandbox, with nothing recorded and no faults."""
    meta_server.reset()
    return meta_server


@pytest.fixture(scope="session")
def running_stack() -> Iterator[RunningStack]:
    """A whole stack with toy functions."""
    with stack_folder() as folder, RunningStack(folder) as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder in which a database server may run."""
    with stack_folder() as made:
        yield made
