"""`departments handoff`: who waits, what a person reads and does, and what two people who act at once are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.agents.running import run
from tests.cli.command import Ended, departments, error_of
from tests.support.conversations import Scene, scene_in
from tests.support.handoffs import ABSTAINING, configure, handoffs, make_user
from tests.support.operators import operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


@dataclass
class Desk:
    """An organization with a customer who waits for a person, and its operator's environment."""

    scene: Scene
    environment: dict[str, str]

    def run(self, *arguments: str, lang: str = "en") -> Ended:
        organization = ("--organization", str(self.scene.organization_id))
        return departments(*("--lang", lang, "handoff", *arguments, *organization), environment=self.environment)

    def on(self, act: str, *more: str, lang: str = "en") -> Ended:
        return self.run(act, "--handoff", str(self.scene.conversation_id), *more, lang=lang)


@pytest.fixture
def desk(shared_database: Database, tmp_path: Path) -> Iterator[Desk]:
    with scene_in(shared_database) as scene, operator_of(shared_database, tmp_path) as operator:
        scene.says("fazem bolo de casamento?")
        run(scene, responder=ABSTAINING)
        yield Desk(scene, operator.environment)


def test_who_waits_is_listed_with_how_long_and_why(desk: Desk) -> None:
    desk.scene.execute("UPDATE platform.handoffs SET requested_at = requested_at - interval '90 minutes'")
    listed = desk.run("list", lang="pt")
    assert listed.code == 0
    for shown in ("Atendimentos humanos", "knowledge_gap", "open", "1 h 30 min", desk.scene.customer):
        assert shown in listed.out

    [one] = desk.run("list", "--json").data["handoffs"]
    assert (one["reason"], one["state"], one["late"]) == ("knowledge_gap", "open", False)
    assert 5400 <= one["waited_seconds"] < 5500
    desk.scene.execute("UPDATE platform.handoffs SET target_at = now() - interval '1 minute'")
    assert desk.run("list", "--json").data["handoffs"][0]["late"] is True


def test_one_is_shown_with_where_each_line_is_from(desk: Desk) -> None:
    shown = desk.on("show")
    [message_id] = desk.scene.rows("SELECT id FROM platform.messages WHERE direction = 'inbound'")[0]
    assert "The customer wrote\n  fazem bolo de casamento?" in shown.out
    assert str(message_id) in shown.out
    [[handoff_id]] = handoffs(desk.scene, "id")
    assert desk.run("show", "--handoff", str(handoff_id), "--json").data["summary"] == [
        {
            "kind": "asked",
            "text": "fazem bolo de casamento?",
            "message_id": str(message_id),
            "chunk_id": None,
        }
    ]


def test_a_person_claims_and_the_next_one_is_told(desk: Desk) -> None:
    ana, bia = make_user(desk.scene, "Ana"), make_user(desk.scene, "Bia")
    claimed = desk.on("claim", "--user", str(ana), "--json")
    assert (claimed.data["state"], claimed.data["claimed_by"]) == ("claimed", "Ana")
    refused = desk.on("claim", "--user", str(bia))
    assert (refused.code, error_of(refused)[0]) == (4, "handoff_taken")
    assert handoffs(desk.scene, "claimed_by") == [[ana]]
    nobody = desk.on("claim", "--user", "nobody@example.com")
    assert (nobody.code, error_of(nobody)[0]) == (4, "person_unknown")


def test_it_is_given_back_and_then_no_longer_peoples(desk: Desk) -> None:
    desk.scene.says("alô?")
    assert desk.on("return", "--json").data["pending"] == 1
    assert desk.scene.conversation("automation_state") == "auto"
    again = desk.on("return")
    assert (again.code, error_of(again)[0]) == (4, "handoff_closed")
    assert "Nobody waits for a person." in desk.run("list").out
    assert "returned" in desk.run("list", "--closed").out


def test_it_is_resolved_unless_the_customer_has_written_again(desk: Desk) -> None:
    configure(desk.scene, satisfaction_survey=True)
    desk.scene.says("alô?")
    early = desk.on("resolve", "--seen", "1")
    assert (early.code, error_of(early)[0]) == (4, "newer_message")
    assert "Resolved. The customer is asked how it was." in desk.on("resolve", "--seen", "2").out
    assert desk.scene.conversation("status") == "resolved"


@pytest.mark.parametrize("name", ["7f0c1f0a-0000-4000-8000-000000000000", "bolo"])
def test_what_nobody_was_called_to_is_named(desk: Desk, name: str) -> None:
    unknown = desk.run("show", "--handoff", name)
    assert (unknown.code, error_of(unknown)[0]) == (4, "handoff_unknown")
    assert name in unknown.err
