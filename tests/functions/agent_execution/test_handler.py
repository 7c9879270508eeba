"""A-01, C-08, O-04: what a task does, what it is refused for, and how the next one is asked for."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.agent_execution.handler import execute, read_task
from shared.channels.outbox import SendResult
from shared.kit.errors import Rejected, Unavailable
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

URL = "https://run.test/agent_execution"


@dataclass
class Tasks:
    """A queue that keeps what it is asked for."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        if self.away:
            raise Unavailable("the queue is away")
        self.asked.append({"queue": queue, "url": url, "at": at, "name": name, "payload": payload})


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    with scene_in(shared_database) as found:
        yield found


def run(
    scene: Scene, tasks: Tasks, *, sender: ScriptedSender | None = None, task_name: str | None = "turn-now"
) -> dict[str, Any]:
    return execute(
        {"organization_id": str(scene.organization_id), "conversation_id": str(scene.conversation_id)},
        task_name=task_name,
        database=scene.application,
        queue=tasks,
        own_url=URL,
        responder=ScriptedResponder(),
        sender=sender or ScriptedSender(),
        times=TIMES,
        attend=nullcontext,
    )


def test_a_task_that_is_done_asks_for_no_other(scene: Scene) -> None:
    scene.says("oi?")
    tasks = Tasks()
    assert run(scene, tasks) == {"result": "answered", "reason": None, "accepted": 1}
    assert tasks.asked == []


def test_a_task_that_comes_too_early_asks_for_one_at_the_right_time(scene: Scene) -> None:
    scene.rules = replace(scene.rules, quiet_seconds=5.0, ceiling_seconds=8.0)
    [wake_up] = scene.says("oi")
    tasks = Tasks()
    assert run(scene, tasks)["result"] == "waiting"
    [asked] = tasks.asked
    assert (asked["queue"], asked["url"], asked["at"]) == ("agent-turns", URL, wake_up.run_at)
    assert asked["payload"] == {
        "organization_id": str(scene.organization_id),
        "conversation_id": str(scene.conversation_id),
    }


def test_the_next_task_never_has_the_name_of_the_one_that_runs(scene: Scene) -> None:
    """A clock that is early by a moment must not lose the turn: a used name counts as existing for hours."""
    scene.rules = replace(scene.rules, quiet_seconds=5.0, ceiling_seconds=8.0)
    scene.says("oi")
    tasks = Tasks()
    run(scene, tasks, task_name="turn-first")
    run(scene, tasks, task_name=tasks.asked[0]["name"])
    run(scene, tasks, task_name="turn-first")  # the first task delivered twice
    first, second, again = (asked["name"] for asked in tasks.asked)
    assert first != second
    assert first == again


def test_a_send_that_must_wait_has_its_own_task(scene: Scene) -> None:
    scene.says("oi?")
    tasks = Tasks()
    limited = ScriptedSender(lambda _: SendResult(outcome="retry", error_code="131056", retry_seconds=6.0))
    run(scene, tasks, sender=limited)
    assert 5 < (tasks.asked[0]["at"] - datetime.now(UTC)).total_seconds() <= 6


def test_a_queue_that_is_away_does_not_repeat_the_run(scene: Scene) -> None:
    """Q1: the sweep finds what waits."""
    scene.rules = replace(scene.rules, quiet_seconds=5.0, ceiling_seconds=8.0)
    scene.says("oi")
    assert run(scene, Tasks(away=True))["result"] == "waiting"


@pytest.mark.parametrize(
    "payload",
    [None, [], "text", {}, {"organization_id": str(uuid4())}, {"organization_id": "x", "conversation_id": "y"}],
)
def test_a_task_without_ids_is_wrong_for_ever(payload: object) -> None:
    with pytest.raises(Rejected, match="organization_id and conversation_id"):
        read_task(payload)


def test_another_organizations_conversation_is_no_work(scene: Scene, shared_database: Database) -> None:
    """The ids of a forged task meet row security."""
    scene.says("oi?")
    with scene_in(shared_database) as other:
        report = execute(
            {"organization_id": str(other.organization_id), "conversation_id": str(scene.conversation_id)},
            task_name=None,
            database=other.application,
            queue=Tasks(),
            own_url=URL,
            responder=ScriptedResponder(),
            sender=ScriptedSender(),
            times=TIMES,
            attend=nullcontext,
        )
    assert report["reason"] == "unknown_conversation"
    assert scene.conversation("fence") == 0
