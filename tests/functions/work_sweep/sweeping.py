"""Sweeps a scene at once or patiently, with a queue that remembers, for the tests of the sweep."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from functions.work_sweep.handler import sweep
from shared.agents.turns import run_turn
from shared.conversations.models import ClaimedTurn
from shared.conversations.queries import claim_turn
from shared.conversations.repair import SweepTimes
from shared.kit.errors import Unavailable
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene

if TYPE_CHECKING:
    from datetime import datetime

AT_ONCE = SweepTimes(sending_limit=0, uncertain=0, lease=0, grace=0)
PATIENT = SweepTimes()
URL = "https://run.test/agent_execution"
DELIVERY_URL = "https://run.test/message_delivery"


@dataclass
class Tasks:
    """A queue that keeps what it is asked for; it may be away, or look around first."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        if self.away:
            raise Unavailable("the queue is away")
        self.asked.append({"queue": queue, "url": url, "at": at, "name": name, **payload})

    @property
    def conversations(self) -> list[str]:
        return [task["conversation_id"] for task in self.asked]


def swept(scene: Scene, times: SweepTimes = AT_ONCE, tasks: Tasks | None = None) -> dict[str, Any]:
    return sweep(scene.worker, queue=tasks or Tasks(), turn_url=URL, delivery_url=DELIVERY_URL, times=times)


def run(scene: Scene, sender: ScriptedSender | None = None) -> str:
    report = run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=ScriptedResponder(),
        sender=sender or ScriptedSender(),
        times=TIMES,
    )
    return report.result


def claimed(scene: Scene, lease: float = 30.0) -> ClaimedTurn:
    found = claim_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        times=replace(TIMES, lease=lease),
    )
    assert isinstance(found, ClaimedTurn)
    return found
