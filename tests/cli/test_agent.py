"""`departments agent`, `pause` and `resume`: what an operator reads, changes and stops."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Ended, departments, error_of
from tests.support.conversations import Scene, scene_in
from tests.support.operators import operator_of
from tests.support.runs import add_builder, runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


@dataclass
class Desk:
    """An organization with a responder and a builder, and its operator's environment."""

    scene: Scene
    environment: dict[str, str]

    def run(self, *arguments: str, lang: str = "en") -> Ended:
        organization = ("--organization", str(self.scene.organization_id))
        return departments(*("--lang", lang, *arguments, *organization), environment=self.environment)


@pytest.fixture
def desk(shared_database: Database, tmp_path: Path) -> Iterator[Desk]:
    with scene_in(shared_database) as scene, operator_of(shared_database, tmp_path) as operator:
        add_builder(scene, {})
        yield Desk(scene, operator.environment)


def test_a_schedule_is_set_listed_and_run_by_hand(desk: Desk) -> None:
    triggers = json.dumps([{"type": "scheduled", "cron": "0 6 * * MON"}])
    changed = desk.run("agent", "configure", "faq_builder", "--set", f"triggers={triggers}")
    assert (changed.code, "the next run is" in changed.out) == (0, True)
    agents = {one["agent_type"]: one for one in desk.run("agent", "list", "--json").data["agents"]}
    assert agents["faq_builder"]["next_scheduled_at"] is not None
    assert agents["whatsapp_responder"]["problems"] == []
    assert "próxima execução" in desk.run("agent", "list", lang="pt").out
    assert desk.run("agent", "run", "faq_builder").code == 0
    assert runs_of(desk.scene, "trigger_type", "status") == [["manual", "pending"]]


def test_a_setting_that_is_refused_names_key_value_and_what_to_do(desk: Desk) -> None:
    refused = desk.run("agent", "configure", "whatsapp_responder", "--set", "message_limit=5", lang="pt")
    assert error_of(refused)[0] == "configuration_unusable"
    assert "configuration.message_limit é 5; aceita um número inteiro de caracteres, de 20 a 4096" in refused.err
    misspelt = desk.run("agent", "configure", "whatsapp_responder", "--set", "mesage_limit=100")
    assert "configuration.mesage_limit is not known; did you mean message_limit?" in misspelt.err


def test_an_agent_that_does_nothing_by_itself_takes_no_schedule(desk: Desk) -> None:
    refused = desk.run("agent", "configure", "whatsapp_responder", "--set", 'triggers=[{"type": "manual"}]')
    assert error_of(refused)[0] == "agent_without_run"
    assert error_of(desk.run("agent", "run", "whatsapp_responder"))[0] == "agent_without_run"


def test_an_agent_is_paused_for_a_reason_and_goes_on(desk: Desk) -> None:
    paused = desk.run("pause", "--agent", "whatsapp_responder", "--reason", "wrong prices")
    assert paused.code == 0
    assert (
        desk.scene.value("SELECT status_reason FROM departments.agents WHERE agent_type = 'whatsapp_responder'")
        == "wrong prices"
    )
    assert "so already" in desk.run("pause", "--agent", "whatsapp_responder", "--reason", "again").out
    assert desk.run("resume", "--agent", "whatsapp_responder", "--reason", "mended").code == 0
    assert error_of(desk.run("pause", "--platform", "--reason", "both"))[0] == "switch_choice"
