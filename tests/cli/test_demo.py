"""`departments demo`: the conversation as data, what it shows to people, and that it does not pass whatever happens."""

from __future__ import annotations

import copy
import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from infra.cli.demo import screenplay
from infra.cli.demo.checks import check_outcome
from infra.cli.demo.facts import Check, Outcome, Said, Step, Stored, Turn
from infra.cli.demo.observation import TABLES
from infra.cli.demo.scenes import SCENES
from tests.cli.command import departments_from_scratch
from tests.support.stack import stack_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.command import Ended


@pytest.fixture(scope="module")
def played() -> Iterator[Ended]:
    """The demo, played once."""
    with stack_folder() as folder:
        yield departments_from_scratch("demo", "--json", "--data-dir", str(folder))


def test_every_expectation_of_the_demo_holds(played: Ended) -> None:
    """X-01: the flow from webhook to read reply, on one machine with nothing else."""
    assert played.code == 0, played.out + played.err
    data = played.data
    assert [check["name"] for check in data["checks"] if not check["held"]] == []
    assert data["passed"] is True
    assert [step["name"] for step in data["steps"]] == [scene.name for scene in SCENES]


def test_the_demo_as_data_has_the_transcript_the_rows_and_the_timings(played: Ended) -> None:
    data = played.data
    said = [(line["speaker"] == "department", line["text"]) for line in data["transcript"]]
    assert [text for ours, text in said if not ours] == [text for scene in SCENES for text in scene.texts]
    assert sum(ours for ours, _ in said) == 3
    burst, answerable, repeated, unanswerable = data["steps"]
    assert set(burst["rows"]) == set(TABLES)
    assert (burst["rows"]["platform.messages"], burst["rows"]["departments.agent_executions"]) == (4, 1)
    assert {table: rows for table, rows in repeated["rows"].items() if rows} == {"integrations.webhook_deliveries": 5}
    assert answerable["statuses"] == ["sent", "delivered", "read"]
    assert all(0 < trips <= 10 for step in data["steps"] for trips in step["round_trips"])
    assert unanswerable["turns"][0]["outcome"] == "abstained"
    assert all(step["seconds_to_reply"] >= 2 for step in (burst, answerable, unanswerable))
    assert set(data["timings"]) == {"start_seconds", "total_seconds"}


def test_the_demo_shows_no_secret(played: Ended) -> None:
    """T-08: neither the apps' secrets nor the token of the handshake is printed."""
    shown = {"organization_id", "phone_number_id", "instagram_id", "page_id", "knowledge_folder"}
    assert set(played.data["organization"]) == shown


def test_people_see_the_chat_the_rows_and_each_expectation(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(screenplay, "output", lambda: Console(file=shown, width=120))
    outcome = a_perfect_outcome()
    outcome.checks = [
        Check(name="a", expectation="the sun rises", held=True, found=""),
        Check(name="b", expectation="it is noon", held=False, found="11:59"),
    ]

    with screenplay.Screenplay(silent=False) as play:
        play.begin_scene(1, outcome.steps[0].title)
        play.show_line(Said(seconds=0.1, speaker="Marina", text="Oi! [não é marcação] 😊"))
        play.show_line(Said(seconds=2.1, speaker="department", text="Olá!", note="answered"))
        play.end_scene(outcome.steps[0])
        play.show_outcome(outcome)

    text = shown.getvalue()
    assert "│ Oi! [não é marcação] 😊 │" in text
    assert "answered" in text
    assert "messages +4" in text
    assert "✓ the sun rises" in text
    assert "✗ it is noon (11:59)" in text
    assert "1 of 2 expectations held" in text


def test_a_perfect_evening_passes() -> None:
    outcome = a_perfect_outcome()

    assert [check for check in check_outcome(outcome, handshake=True, accepted=3) if not check.held] == []


def _second_reply(outcome: Outcome) -> None:
    outcome.steps[0].replies.append("Abrimos das 7h às 13h, e aceitamos Pix.")


def _two_turns(outcome: Outcome) -> None:
    outcome.steps[0].turns *= 2


def _stored_again(outcome: Outcome) -> None:
    outcome.steps[2].rows["platform.messages"] = 1


def _invented_answer(outcome: Outcome) -> None:
    outcome.steps[3].replies = ["Sim, consertamos!"]


def _refused_webhook(outcome: Outcome) -> None:
    outcome.steps[1].webhook_answers = [503]


def _never_delivered(outcome: Outcome) -> None:
    outcome.steps[1].statuses.remove("delivered")


def _still_automatic(outcome: Outcome) -> None:
    outcome.steps[3].stored = [Stored(table="platform.conversations", id="c", state="auto/active, seq 5 of 5")]


@pytest.mark.parametrize(
    ("spoil", "noticed"),
    [
        (_second_reply, "burst.one_reply"),
        (_two_turns, "burst.one_turn"),
        (_stored_again, "repeated.nothing_new"),
        (_invented_answer, "unanswerable.one_reply"),
        (_refused_webhook, "webhooks"),
        (_never_delivered, "answerable.delivered"),
        (_still_automatic, "unanswerable.handed_over"),
    ],
)
def test_what_goes_wrong_is_noticed(spoil: Callable[[Outcome], None], noticed: str) -> None:
    """The negative control of the demo's own expectations."""
    outcome = a_perfect_outcome()
    spoil(outcome)

    checks = check_outcome(outcome, handshake=True, accepted=3)

    assert [check.name for check in checks if not check.held] == [noticed]


def a_perfect_outcome() -> Outcome:
    """What the demo sees when all is well."""
    none = dict.fromkeys(TABLES, 0)
    read = ["sent", "delivered", "read"]

    def turn(messages: int, outcome: str) -> Turn:
        return Turn(id="t", messages=messages, outcome=outcome, model="extractive", own_milliseconds=3)

    said: list[dict[str, Any]] = [
        {"replies": ["Aos domingos até as 13h. Aceitamos Pix."], "turns": [turn(3, "answered")], "statuses": read},
        {"replies": ["Pinheiros: R$ 8,00"], "turns": [turn(1, "answered")], "statuses": read},
        {},
        {
            "replies": ["Já chamei uma pessoa da equipe."],
            "turns": [turn(1, "abstained")],
            "statuses": read,
            "stored": [Stored(table="platform.conversations", id="c", state="human/escalated, seq 5 of 5 answered")],
        },
    ]
    steps = [
        Step(name=scene.name, title=scene.title, webhook_answers=[200], rows=dict(none), **copy.deepcopy(facts))
        for scene, facts in zip(SCENES, said, strict=True)
    ]
    steps[0].rows["platform.messages"] = 4
    return Outcome(
        steps=steps,
        knowledge={"files": 11, "chunks": 48, "errors": []},
        timings={"start_seconds": 3.0, "total_seconds": 20.0},
    )
