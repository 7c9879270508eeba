"""The manifest infra/functions.yaml as typed, checked values.

`load_manifest()` is what Terraform's data, the local stack, the packages and the command all read. A manifest that
breaks a rule is refused with the key, the value and what to write instead.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jsonschema
import yaml
from cronsim import CronSim, CronSimError

MANIFEST_FILE = Path(__file__).with_name("functions.yaml")
SCHEMA_FILE = Path(__file__).with_name("functions.schema.json")
REPOSITORY = Path(__file__).resolve().parent.parent

DatabaseRole = Literal["intake", "application", "worker", "maintenance"]


class ManifestUnusable(Exception):
    """The manifest breaks a rule; the message names the key, the value and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a failed task is tried again: both limits must be spent before it is dropped (Cloud Tasks' own rule)."""

    max_attempts: int  # -1: no limit
    max_retry_seconds: int  # 0: no limit
    min_backoff_seconds: float
    max_backoff_seconds: float
    max_doublings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of HTTP tasks, spread over `shards` queues of the same settings."""

    name: str
    description: str
    shards: int
    max_dispatches_per_second: float  # for each shard
    max_concurrent_dispatches: int  # for each shard
    dispatch_deadline_seconds: int
    retry: RetryPolicy

    @property
    def ids(self) -> tuple[str, ...]:
        """The queue ids that exist in Cloud Tasks: the name itself, or name-0, name-1, … when it is spread."""
        if self.shards == 1:
            return (self.name,)
        return tuple(f"{self.name}-{shard}" for shard in range(self.shards))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicHttp:
    """Anyone on the internet may call these paths; the function verifies signatures itself."""

    paths: tuple[str, ...]
    type: Literal["public_http"] = "public_http"


@dataclass(frozen=True, slots=True, kw_only=True)
class FromQueue:
    """Called by Cloud Tasks with an OIDC token."""

    queue: str
    type: Literal["queue"] = "queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSchedule:
    """Called by Cloud Scheduler with an OIDC token, by a cron expression of five fields in a time zone."""

    schedule: str
    time_zone: str
    type: Literal["schedule"] = "schedule"


Trigger = PublicHttp | FromQueue | OnSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One deployed function: one folder in functions/."""

    name: str
    description: str
    entry_point: str
    trigger: Trigger
    cpu: int
    memory_mb: int
    concurrency: int
    min_instances: int
    max_instances: int
    timeout_seconds: int
    database_role: DatabaseRole
    url_setting: str | None
    settings: tuple[str, ...]
    secrets: tuple[str, ...]
    source: Path  # the main.py that functions-framework loads

    @property
    def cloud_name(self) -> str:
        """The name in Google Cloud: the Python name with hyphens."""
        return self.name.replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All queues and functions, by name."""

    queues: Mapping[str, Queue]
    functions: Mapping[str, Function]


def load_manifest(path: Path = MANIFEST_FILE) -> Manifest:
    """Read and check a manifest. The functions' sources are in `functions/`, beside the manifest's folder.

    Raises:
        ManifestUnusable: naming the first key that is wrong, its value and what to do.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)  # noqa: S506 - it is a SafeLoader
    except OSError as error:
        raise ManifestUnusable(f"{path} cannot be read: {error.strerror}. Give the path of a manifest.") from error
    except yaml.YAMLError as error:
        raise ManifestUnusable(f"{path} is not YAML: {error}. Correct that place.") from error
    _check_shape(content, path=path)
    queues = {name: _queue(name, fields) for name, fields in content["queues"].items()}
    folder = path.resolve().parent.parent / "functions"
    functions = {name: _function(name, fields, folder=folder) for name, fields in content["functions"].items()}
    for complaint in _contradictions(queues, functions):
        raise ManifestUnusable(f"{path}: {complaint}")
    return Manifest(queues=MappingProxyType(queues), functions=MappingProxyType(functions))


class _UniqueKeys(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, where YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = str(key_node.value)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: the key {key!r} is there twice; keep one of them")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _check_shape(content: object, *, path: Path) -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(content))
    if error is None:
        return
    key = ".".join(str(step) for step in error.absolute_path) or "the whole page"
    value = json.dumps(error.instance, ensure_ascii=False, default=str)
    value = value if len(value) <= 80 else value[:77] + "…"  # noqa: PLR2004 - one line of a terminal
    advice = _advice(error)
    raise ManifestUnusable(f"{path}: {key} = {value}: {error.message}." + (f" {advice}" if advice else ""))


def _advice(error: jsonschema.exceptions.ValidationError) -> str:
    """What the schema says beside the broken rule; for a missing or unknown key the message says it already."""
    if error.validator in {"required", "additionalProperties"}:
        return "Write the key, or take it away, as infra/functions.schema.json says."
    described = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    return str(described)


def _queue(name: str, fields: Mapping[str, Any]) -> Queue:
    return Queue(name=name, retry=RetryPolicy(**fields["retry"]), **{k: v for k, v in fields.items() if k != "retry"})


def _function(name: str, fields: Mapping[str, Any], *, folder: Path) -> Function:
    built: dict[str, Any] = {
        "url_setting": None,
        **fields,
        "name": name,
        "trigger": _trigger(fields["trigger"]),
        "settings": tuple(fields["settings"]),
        "secrets": tuple(fields["secrets"]),
        "source": folder / name / "main.py",
    }
    return Function(**built)


def _trigger(fields: Mapping[str, Any]) -> Trigger:
    match fields["type"]:
        case "public_http":
            return PublicHttp(paths=tuple(fields["paths"]))
        case "queue":
            return FromQueue(queue=fields["queue"])
        case _:
            return OnSchedule(schedule=fields["schedule"], time_zone=fields["time_zone"])


def _contradictions(queues: Mapping[str, Queue], functions: Mapping[str, Function]) -> Iterator[str]:
    """What a schema of single values cannot see."""
    url_settings: dict[str, str] = {}
    for function in functions.values():
        key = f"functions.{function.name}"
        if function.min_instances > function.max_instances:
            yield (
                f"{key}.min_instances = {function.min_instances} is more than max_instances = "
                f"{function.max_instances}. Lower the first or raise the second."
            )
        if both := sorted(set(function.settings) & set(function.secrets)):
            yield f"{key}.secrets = {both[0]} is also in settings. Keep it in one of the two."
        if function.url_setting is not None:
            if other := url_settings.get(function.url_setting):
                yield f"{key}.url_setting = {function.url_setting} is already that of {other}. Give each its own name."
            url_settings[function.url_setting] = function.name
        yield from _trigger_contradictions(function, queues)


def _trigger_contradictions(function: Function, queues: Mapping[str, Queue]) -> Iterator[str]:
    key = f"functions.{function.name}.trigger"
    match function.trigger:
        case FromQueue(queue=name):
            if name not in queues:
                known = ", ".join(sorted(queues)) or "none yet"
                yield f"{key}.queue = {name} is not a queue of this manifest. Use one of: {known}; or add it to queues."
            elif queues[name].dispatch_deadline_seconds < function.timeout_seconds:
                yield (
                    f"queues.{name}.dispatch_deadline_seconds = {queues[name].dispatch_deadline_seconds} is less than "
                    f"timeout_seconds = {function.timeout_seconds} of {function.name}: the queue would give up on work "
                    "that still runs. Raise it."
                )
        case OnSchedule(schedule=schedule, time_zone=zone):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                yield f"{key}.time_zone = {zone} is unknown. Use a name of the tz database, such as Etc/UTC."
            try:
                CronSim(schedule, datetime.now(UTC))
            except CronSimError as error:
                yield f"{key}.schedule = {schedule} is no cron expression: {error}. Write five fields: 0 3 * * *."
        case PublicHttp():
            pass
