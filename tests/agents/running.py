"""Runs a scene's conversation as agent_execution does, for the tests of turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agents.turns import TurnReport, run_turn
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene

if TYPE_CHECKING:
    from uuid import UUID

    from shared.conversations.models import TurnTimes


def run(
    scene: Scene,
    *,
    responder: ScriptedResponder | None = None,
    sender: ScriptedSender | None = None,
    times: TurnTimes = TIMES,
    conversation_id: UUID | None = None,
) -> TurnReport:
    return run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=conversation_id or scene.conversation_id,
        responder=responder or ScriptedResponder(),
        sender=sender or ScriptedSender(),
        times=times,
    )
