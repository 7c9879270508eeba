"""Replies that are committed and not sent yet, and the two statements of a send, for the tests of sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.agents.responder import Answer
from shared.agents.turns import TurnReport, run_turn
from shared.channels.outbox import Delivery, NotSent, SendResult, Settled, begin_send, finish_send
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene

if TYPE_CHECKING:
    from uuid import UUID


class Killed(BaseException):
    """The worker died here; nothing of ours may catch it."""


def commit_reply(scene: Scene, *parts: str, kind: str = "reply") -> list[UUID]:
    """A committed reply of which nothing is sent yet: the worker died before its first look."""
    scene.says("oi?")
    text = "\n".join(parts or ("Resposta.",))
    scene.execute(
        "UPDATE departments.agents"
        " SET configuration = jsonb_build_object('message_limit', %s::int, 'disclosure', false) WHERE id = %s",
        max(len(part) for part in (parts or ("Resposta.",))),
        scene.tenant.agent_id,
    )

    def die(_: Delivery) -> SendResult:
        raise Killed

    answer = Answer(text=text, abstained=kind == "handoff")
    with pytest.raises(Killed):
        run(scene, responder=ScriptedResponder(lambda _: answer), sender=ScriptedSender(die))
    scene.execute(
        "UPDATE platform.outbox SET state = 'ready', attempt = 0, sending_at = NULL WHERE organization_id = %s",
        scene.organization_id,
    )
    scene.execute("UPDATE departments.agents SET configuration = '{}'")
    found = scene.rows("SELECT id, payload -> 'text' ->> 'body' FROM platform.outbox ORDER BY part")
    assert [row[1] for row in found] == list(parts or ("Resposta.",))
    return [row[0] for row in found]


def run(
    scene: Scene, *, responder: ScriptedResponder | None = None, sender: ScriptedSender | None = None
) -> TurnReport:
    return run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=responder or ScriptedResponder(),
        sender=sender or ScriptedSender(),
        times=TIMES,
    )


def begin(scene: Scene, outbox_id: UUID) -> Delivery | NotSent:
    return begin_send(
        scene.application, organization_id=scene.organization_id, outbox_id=outbox_id, max_age=TIMES.max_age, quiet=0.0
    )


def begun(scene: Scene, outbox_id: UUID) -> Delivery:
    found = begin(scene, outbox_id)
    assert isinstance(found, Delivery)
    return found


def finish(scene: Scene, delivery: Delivery, outcome: str, **fields: Any) -> Settled:
    return finish_send(scene.application, delivery=delivery, result=SendResult(outcome=outcome, **fields))


def outbox(scene: Scene, *columns: str) -> list[list[Any]]:
    return scene.rows(f"SELECT {', '.join(columns)} FROM platform.outbox ORDER BY turn_seq, part")
