"""One sandbox and one service of models for all tests here; each test finds them as new."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from shared.agents.models.service import ModelService
from tests.agents.models.turns import Shop, settings_for
from tests.support.model_server import ModelServer, running_model_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    with running_model_server(tmp_path_factory.mktemp("models")) as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.reset()
    return running


@pytest.fixture(scope="package")
def service(running: ModelServer) -> Iterator[ModelService]:
    with contextlib.closing(ModelService(settings_for(running))) as made:
        yield made


@pytest.fixture(scope="package")
def impatient(running: ModelServer) -> Iterator[ModelService]:
    """For calls that hang; an honest one may take longer on a busy machine."""
    with contextlib.closing(ModelService(settings_for(running, model_request_seconds=0.3))) as made:
        yield made


@pytest.fixture
def shop(server: ModelServer, service: ModelService) -> Shop:
    del server  # as new
    return Shop(service)
