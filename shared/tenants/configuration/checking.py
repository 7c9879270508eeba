"""Compares settings with their schema: what is wrong with each, its value, and what to write instead."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ValidationError

from shared.kit.errors import Rejected
from shared.tenants.configuration.agents import AGENT_TYPES, AgentSettings, ModelSettings
from shared.tenants.configuration.departments import DepartmentSettings
from shared.tenants.configuration.fields import Settings
from shared.tenants.configuration.triggers import Trigger

_TRIGGERS: Final[Mapping[str, type[Settings]]] = {
    get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(get_args(Trigger)[0])
}
_SHOWN: Final = 60  # characters of a value that a message repeats


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `key` is its path ("configuration.triggers.0.cron"), `value` what was given, as JSON.

    kind 'unknown_key': `nearest` is the known name that was meant, perhaps. 'missing', 'unusable': `takes` says in
    English, `takes_pt` in Portuguese, what the key takes. 'unknown_type': of an agent.
    """

    key: str
    kind: Literal["unknown_key", "unknown_type", "missing", "unusable"]
    value: str
    takes: str = ""
    takes_pt: str = ""
    nearest: str | None = None

    def __str__(self) -> str:
        """It as a sentence in English."""
        meant = f"; did you mean {self.nearest}?" if self.nearest else ""
        match self.kind:
            case "unknown_key":
                return f"{self.key} is not a setting{meant or f'; there are {self.takes}'}"
            case "unknown_type":
                return f"{self.value} is not a type of agents{meant or f'; there are {self.takes}'}"
            case "missing":
                return f"{self.key} is missing; it takes {self.takes}"
            case _:
                return f"{self.key} is {self.value}; it takes {self.takes}"


class ConfigurationUnusable(Rejected):
    """Settings that were refused, each with its reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("configuration_unusable", "; ".join(map(str, problems)))
        self.problems = problems


def agent_settings(agent_type: str, configuration: Mapping[str, Any]) -> AgentSettings:
    """The settings of an agent. Raises ConfigurationUnusable."""
    checked: AgentSettings = _checked(_schema(agent_type), configuration, "configuration")
    return checked


def model_settings(configuration: Mapping[str, Any]) -> ModelSettings:
    """The models of an agent. Raises ConfigurationUnusable."""
    checked: ModelSettings = _checked(ModelSettings, configuration, "model_configuration")
    return checked


def department_settings(configuration: Mapping[str, Any]) -> DepartmentSettings:
    """The settings of a department. Raises ConfigurationUnusable."""
    checked: DepartmentSettings = _checked(DepartmentSettings, configuration, "configuration")
    return checked


def check_agent(agent_type: str, configuration: Mapping[str, Any], models: Mapping[str, Any]) -> list[Problem]:
    """All that is wrong with an agent's settings."""
    found: list[Problem] = []
    for check in (lambda: agent_settings(agent_type, configuration), lambda: model_settings(models)):
        try:
            check()
        except ConfigurationUnusable as unusable:
            found += unusable.problems
    return found


def problems_of_agent(agent_type: str, configuration: Mapping[str, Any], models: Mapping[str, Any]) -> list[str]:
    """The same as sentences in English."""
    return [str(problem) for problem in check_agent(agent_type, configuration, models)]


def _schema(agent_type: str) -> type[AgentSettings]:
    try:
        return AGENT_TYPES[agent_type]
    except KeyError:
        known = sorted(AGENT_TYPES)
        problem = Problem(
            "type",
            "unknown_type",
            agent_type,
            takes=", ".join(known),
            takes_pt=", ".join(known),
            nearest=_nearest(agent_type, known),
        )
        raise ConfigurationUnusable([problem]) from None


def _checked(schema: type[Any], given: Mapping[str, Any], name: str) -> Any:
    try:
        # as JSON, which is what the database holds: a date is a text there, and a list no tuple
        return schema.model_validate_json(json.dumps(given))
    except ValidationError as wrong:
        found = [_problem(schema, error, name) for error in wrong.errors(include_url=False, include_context=False)]
        raise ConfigurationUnusable(list(dict.fromkeys(found))) from None


def _problem(schema: type[BaseModel], error: Any, name: str) -> Problem:
    """One of pydantic's errors in our words; the path names no alternatives of a union."""
    path: list[str] = []
    takes: Mapping[str, str] = {}
    holder: type[BaseModel] = schema
    previous: str | int | None = None
    for step in error["loc"]:
        is_kind, previous = isinstance(previous, int) and step in _TRIGGERS, step
        if is_kind:  # which alternative of the union, which is no part of the path
            holder, takes = _TRIGGERS[step], {}
            continue
        path.append(str(step))
        if isinstance(step, str) and (field := holder.model_fields.get(step)) is not None:
            extra = field.json_schema_extra
            takes = {
                "en": field.description or "",
                "pt": str(extra["description_pt"]) if isinstance(extra, dict) else "",
            }
            holder = _model_within(field.annotation) or holder
    key = ".".join((name, *path))
    value = _shown(error.get("input"))
    if error["type"] == "extra_forbidden":
        known = sorted(holder.model_fields)
        return Problem(key, "unknown_key", value, ", ".join(known), ", ".join(known), _nearest(path[-1], known))
    kind: Literal["missing", "unusable"] = "missing" if error["type"] == "missing" else "unusable"
    return Problem(key, kind, value, takes.get("en") or error["msg"], takes.get("pt") or error["msg"])


def _model_within(annotation: Any) -> type[BaseModel] | None:
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _nearest(name: str, known: list[str]) -> str | None:
    return next(iter(get_close_matches(name.lower(), known, n=1, cutoff=0.5)), None)


def _shown(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
