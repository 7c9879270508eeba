"""Runs a scene's conversation as agent_execution does, for the tests of turns."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from shared.agents.turns import TurnReport, run_turn
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene

if TYPE_CHECKING:
    from uuid import UUID

    from shared.agents.turns import Attend
    from shared.conversations.models import TurnTimes


def run(  # noqa: PLR0913 - what a test may set
    scene: Scene,
    *,
    responder: ScriptedResponder | None = None,
    sender: ScriptedSender | None = None,
    times: TurnTimes = TIMES,
    conversation_id: UUID | None = None,
    attend: Attend = nullcontext,
) -> TurnReport:
    return run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=conversation_id or scene.conversation_id,
        responder=responder or ScriptedResponder(),
        sender=sender or ScriptedSender(),
        times=times,
        attend=attend,
    )
