"""Settings are refused with the key, the value and what to write instead; what the other readers take is taken."""

from __future__ import annotations

from typing import Any

import pytest

from shared.agents.runs import RUNS
from shared.conversations.opening_hours import DAYS, OpeningHours
from shared.tenants.configuration.agents import AGENT_TYPES, EXAMPLES
from shared.tenants.configuration.checking import (
    ConfigurationUnusable,
    agent_settings,
    check_agent,
    department_settings,
    model_settings,
)
from shared.tenants.configuration.departments import EXAMPLE, WEEKDAYS
from shared.tenants.templates import TEMPLATES

SEED_MODELS = {"primary_model": "gpt-4", "fallback_model": "gpt-3.5-turbo", "temperature": 0.7, "max_tokens": 1000}


@pytest.mark.parametrize("agent_type", sorted(AGENT_TYPES))
def test_every_type_has_an_example_that_holds_and_defaults_that_hold(agent_type: str) -> None:
    assert check_agent(agent_type, EXAMPLES[agent_type], SEED_MODELS) == []
    assert check_agent(agent_type, {}, {}) == []
    assert AGENT_TYPES[agent_type].model_json_schema()["properties"].keys() >= {"version", "triggers"}


def test_every_type_that_runs_by_itself_has_settings() -> None:
    assert RUNS.keys() <= AGENT_TYPES.keys()


def test_the_hours_of_a_department_are_read_by_who_tells_customers() -> None:
    department_settings(EXAMPLE)
    hours = OpeningHours.of(EXAMPLE, timezone="America/Sao_Paulo")
    assert hours is not None
    assert [len(spans) for spans in hours.week] == [2, 2, 2, 2, 2, 1, 0]
    assert WEEKDAYS == DAYS


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        ({"mesage_limit": 100}, "configuration.mesage_limit is not a setting; did you mean message_limit?"),
        ({"message_limit": 5}, "configuration.message_limit is 5; it takes a whole number of characters, 20 to 4096"),
        ({"show_seen": "yes"}, 'configuration.show_seen is "yes"; it takes true or false'),
        ({"version": 9}, "configuration.version is 9; it takes 1, the version of these settings"),
        (
            {"triggers": [{"type": "event", "event": "rain"}]},
            'configuration.triggers.0.event is "rain"; it takes one of conversation.escalated, conversation.resolved',
        ),
        (
            {"triggers": [{"type": "manual", "corn": 1}]},
            "configuration.triggers.0.corn is not a setting; there are type",
        ),
    ],
)
def test_a_refusal_names_the_key_the_value_and_what_to_do(configuration: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationUnusable) as refused:
        agent_settings("whatsapp_responder", configuration)
    assert [str(problem) for problem in refused.value.problems] == [sentence]
    assert all(problem.takes_pt for problem in refused.value.problems)


@pytest.mark.parametrize(
    "cron", ["* * * * *", "*/10 * * * *", "0 6 30 2 *", "0 6 * *", "0 0 6 * * *", "61 * * * *", ""]
)
def test_a_schedule_that_is_none_or_too_often_is_refused(cron: str) -> None:
    with pytest.raises(ConfigurationUnusable, match=r"configuration\.triggers\.0\.cron"):
        agent_settings("faq_builder", {"triggers": [{"type": "scheduled", "cron": cron}]})


def test_a_type_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigurationUnusable, match="did you mean whatsapp_responder"):
        agent_settings("whatsap_responder", {})


@pytest.mark.parametrize(
    "models", [{"temperature": 3}, {"max_tokens": 0}, {"primry_model": "x"}, {"primary_model": ""}]
)
def test_models_have_bounds(models: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationUnusable):
        model_settings(models)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_holds_and_asks_no_run_of_who_has_none(name: str) -> None:
    template = TEMPLATES[name]
    department_settings(template.department)
    assert OpeningHours.of(template.department, timezone="America/Sao_Paulo") is not None
    for agent_type, _, configuration in template.agents:
        assert check_agent(agent_type, configuration, SEED_MODELS) == []
        kinds = {trigger.type for trigger in agent_settings(agent_type, configuration).triggers}
        assert kinds == {"webhook"} or agent_type in RUNS
