"""The manifest: the project's own is right, and every way to be wrong is refused with key, value and what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from infra.manifest import (
    MANIFEST_FILE,
    REPOSITORY,
    SCHEMA_FILE,
    FromQueue,
    ManifestUnusable,
    OnSchedule,
    PublicHttp,
    load_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(MANIFEST_FILE.read_text())
    return content


def _load(folder: Path, content: dict[str, Any]) -> object:
    file = folder / "functions.yaml"
    file.write_text(yaml.safe_dump(content))
    return load_manifest(file)


def test_the_projects_manifest_is_loaded_with_its_types() -> None:
    manifest = load_manifest()
    assert isinstance(manifest.functions["webhook_intake"].trigger, PublicHttp)
    assert manifest.functions["agent_execution"].trigger == FromQueue(queue="agent-turns")
    assert isinstance(manifest.functions["work_sweep"].trigger, OnSchedule)
    assert manifest.functions["webhook_intake"].cloud_name == "webhook-intake"
    assert manifest.queues["agent-turns"].retry.max_attempts == 10


def test_every_function_has_its_folder_and_every_folder_its_function() -> None:
    manifest = load_manifest()
    folders = {file.parent.name for file in (REPOSITORY / "functions").glob("*/main.py")}
    assert set(manifest.functions) == folders
    assert all(function.source.is_file() for function in manifest.functions.values())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA_FILE.read_text()))


def test_a_queue_that_is_spread_has_one_id_for_each_shard(tmp_path: Path) -> None:
    content = _content()
    content["queues"]["agent-turns"]["shards"] = 3
    manifest = _load(tmp_path, content)
    assert manifest.queues["agent-turns"].ids == ("agent-turns-0", "agent-turns-1", "agent-turns-2")  # type: ignore[attr-defined]


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], object]:
    *steps, last = path.split("/")

    def change(content: dict[str, Any]) -> None:
        for step in steps:
            content = content[step]
        content[last] = value

    return change


def _drop(path: str) -> Callable[[dict[str, Any]], object]:
    *steps, last = path.split("/")

    def change(content: dict[str, Any]) -> None:
        for step in steps:
            content = content[step]
        del content[last]

    return change


WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a value of the wrong kind": (
        _set("functions/work_sweep/memory_mb", "much"),
        r'functions\.work_sweep\.memory_mb = "much": .* Give the memory in MiB',
    ),
    "a value out of range": (
        _set("queues/agent-turns/max_dispatches_per_second", 501),
        r"max_dispatches_per_second = 501: .* add shards instead",
    ),
    "a missing key": (_drop("functions/work_sweep/database_role"), r"functions\.work_sweep = .*'database_role'"),
    "an unknown key": (_set("functions/work_sweep/colour", "red"), r"functions\.work_sweep = .*'colour'"),
    "an unknown role": (
        _set("functions/work_sweep/database_role", "superuser"),
        r'database_role = "superuser": .* Give intake, application, worker or maintenance',
    ),
    "a schedule without its expression": (_drop("functions/work_sweep/trigger/schedule"), r"trigger = .*'schedule'"),
    "a schedule with a queue": (_set("functions/work_sweep/trigger/queue", "agent-turns"), r"trigger = .*'queue'"),
    "no cron expression": (
        _set("functions/work_sweep/trigger/schedule", "61 * * * *"),
        r"trigger\.schedule = 61 \* \* \* \* is no cron expression",
    ),
    "an unknown time zone": (
        _set("functions/work_sweep/trigger/time_zone", "Mars/Olympus"),
        r"time_zone = Mars/Olympus is unknown\. Use a name of the tz database",
    ),
    "an unknown queue": (
        _set("functions/agent_execution/trigger/queue", "nowhere"),
        r"trigger\.queue = nowhere is not a queue of this manifest\. Use one of: agent-turns",
    ),
    "a deadline before the function's end": (
        _set("queues/agent-turns/dispatch_deadline_seconds", 60),
        r"dispatch_deadline_seconds = 60 is less than timeout_seconds = 120",
    ),
    "more warm instances than instances": (
        _set("functions/work_sweep/min_instances", 3),
        r"min_instances = 3 is more than max_instances = 2",
    ),
    "a setting that is also a secret": (
        _set("functions/agent_execution/secrets", ["KMS_KEY_NAME"]),
        r"agent_execution\.secrets = KMS_KEY_NAME is also in settings",
    ),
    "one address setting for two functions": (
        _set("functions/work_sweep/url_setting", "AGENT_EXECUTION_URL"),
        r"work_sweep\.url_setting = AGENT_EXECUTION_URL is already that of agent_execution",
    ),
    "a name that is no environment variable": (
        _set("functions/work_sweep/settings", ["lower"]),
        r'settings\.0 = "lower": .* capitals',
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_manifest_is_refused_with_key_value_and_what_to_do(tmp_path: Path, wrong: str) -> None:
    change, complaint = WRONG[wrong]
    content = _content()
    change(content)
    with pytest.raises(ManifestUnusable, match=complaint):
        _load(tmp_path, content)


def test_the_unchanged_copy_is_accepted(tmp_path: Path) -> None:
    """The negative control of the refusals."""
    assert _load(tmp_path, _content())


def test_a_key_given_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "functions.yaml"
    file.write_text("queues: {}\nfunctions:\n  a: 1\n  a: 2\n")
    with pytest.raises(ManifestUnusable, match="line 4: the key 'a' is there twice"):
        load_manifest(file)


@pytest.mark.parametrize("text", ["", "[]", "7", "queues: [", "\t"])
def test_a_page_that_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "functions.yaml"
    file.write_text(text)
    with pytest.raises(ManifestUnusable):
        load_manifest(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestUnusable, match="cannot be read"):
        load_manifest(tmp_path / "nothing.yaml")
