"""Each function gets from the manifest just the settings that its own settings class reads."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

import pytest

from infra.local.credentials import load_secrets
from infra.local.directory import Directory
from infra.local.environment import Surroundings, function_environment
from infra.local.errors import StackUnusable
from infra.local.folder import DataFolder
from infra.local.postgres import PostgresServer
from infra.manifest import Manifest, load_manifest
from shared.platform.settings import Settings, load
from tests.infra.local.toy_functions import write_toys

if TYPE_CHECKING:
    from pathlib import Path

    from infra.manifest import Function

MANIFEST = load_manifest()
CLASSES = {
    "webhook_intake": "IntakeSettings",
    "agent_execution": "TurnFunctionSettings",
    "message_delivery": "DeliveryFunctionSettings",
    "media_transfer": "MediaFunctionSettings",
    "knowledge_ingestion": "KnowledgeFunctionSettings",
    "work_sweep": "SweepSettings",
}


def _environment(function: Function, manifest: Manifest, folder: Path) -> dict[str, str]:
    data = DataFolder(folder)
    data.open()
    try:
        around = Surroundings(
            directory=Directory(gateway="http://127.0.0.1:8080"),
            server=PostgresServer(data=data.postgres, log=folder / "log", version=18, watchdog=None),  # type: ignore[arg-type]
            secrets=load_secrets(data),
            master_key_file=data.master_key_file,
            tasks_endpoint="127.0.0.1:1",
            storage_url="http://127.0.0.1:2",
        )
    finally:
        data.close()
    return function_environment(function, manifest=manifest, around=around, extra={})


def _settings_class(name: str) -> type[Settings]:
    found: type[Settings] = getattr(importlib.import_module(f"functions.{name}.wiring"), CLASSES[name])
    assert issubclass(found, Settings)
    return found


@pytest.mark.parametrize("name", MANIFEST.functions)
def test_a_function_can_start_with_what_the_manifest_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = _environment(MANIFEST.functions[name], MANIFEST, tmp_path)
    for variable in list(os.environ):
        monkeypatch.delenv(variable)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    load(_settings_class(name))


@pytest.mark.parametrize("name", MANIFEST.functions)
def test_the_manifest_names_nothing_that_the_function_does_not_read(name: str) -> None:
    function = MANIFEST.functions[name]
    read = {field.upper() for field in _settings_class(name).model_fields}
    assert set(function.settings) | set(function.secrets) <= read


def test_a_setting_without_a_local_value_is_refused_with_what_to_do(tmp_path: Path) -> None:
    manifest = write_toys(tmp_path)
    file = tmp_path / "infra" / "functions.yaml"
    file.write_text(file.read_text().replace("MEDIA_BUCKET", "MARS_BUCKET"))
    manifest = load_manifest(file)
    with pytest.raises(StackUnusable, match=r"functions\.echo wants the setting MARS_BUCKET.*environment\.py"):
        _environment(manifest.functions["echo"], manifest, tmp_path / "data")
