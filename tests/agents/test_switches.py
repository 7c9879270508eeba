"""O-06: each switch stops what is automatic at once, and nothing else; what waits goes on after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.agents.responder import Answer
from shared.agents.switches import switch, switch_platform
from shared.kit.errors import Rejected
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import scene_in
from tests.support.runs import Worked, add_builder, runs_of, swept, work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.conversations import Scene
    from tests.support.database import Database

SCOPES = ("platform", "organization", "department", "agent")
REASONS = {
    "platform": "platform_paused",
    "organization": "ai_paused",
    "department": "department_paused",
    "agent": "agent_paused",
}


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    with scene_in(database) as found:
        yield found


def turn(scene: Scene, scope: str, *, paused: bool, reason: str = "incident") -> bool:
    match scope:
        case "platform":
            return switch_platform(scene.worker, paused=paused, reason=reason)
        case "organization":
            identity = scene.organization_id
        case "department":
            identity = scene.tenant.department_id
        case _:
            identity = scene.tenant.agent_id
    return switch(scene.application, scene.organization_id, scope, identity, paused=paused, reason=reason)  # type: ignore[arg-type]


def make_due(scene: Scene) -> None:
    scene.execute("UPDATE platform.outbox SET not_before = now() WHERE state = 'ready'")
    scene.execute("UPDATE platform.conversations SET run_at = now() WHERE run_at IS NOT NULL")


@pytest.mark.parametrize("scope", SCOPES)
def test_a_switch_that_is_turned_during_a_turn_stops_its_reply_and_the_reply_goes_out_after_it(
    scene: Scene, scope: str
) -> None:
    """O-06: the turn is in flight; intake continues; resumed, everything is answered once."""
    scene.says("oi?")
    sender = ScriptedSender()

    def answered_meanwhile(_: object) -> Answer:
        turn(scene, scope, paused=True)
        return Answer(text="re:1-1", model="scripted")

    stopped = run(scene, responder=ScriptedResponder(answered_meanwhile), sender=sender)
    assert (stopped.result, stopped.reason) == ("waiting", REASONS[scope])
    assert sender.texts == []
    assert not turn(scene, scope, paused=True), "it is so already"

    make_due(scene)
    assert run(scene, sender=sender).result == "waiting"
    assert sender.texts == []
    assert turn(scene, scope, paused=False)
    make_due(scene)
    run(scene, sender=sender)
    assert sender.texts == ["re:1-1"]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_message_that_arrives_while_a_switch_is_off_is_taken_in_and_answered_after_it(
    scene: Scene, scope: str
) -> None:
    turn(scene, scope, paused=True)
    scene.says("oi?")
    sender = ScriptedSender()
    assert run(scene, sender=sender).reason == REASONS[scope]
    assert scene.conversation("last_in_seq") == 1
    turn(scene, scope, paused=False)
    make_due(scene)
    run(scene, sender=sender)
    assert sender.texts == ["re:1-1"]


@pytest.mark.parametrize("scope", SCOPES)
def test_what_a_person_writes_goes_out_whatever_is_switched_off(scene: Scene, scope: str) -> None:
    scene.says("oi?")
    run(scene)
    turn(scene, scope, paused=True)
    scene.rows(
        "SELECT agents.queue_message(%s, %s, jsonb_build_object('kind', 'human', 'resend_policy', 'resend', 'parts',"
        " jsonb_build_array(jsonb_build_object('outbox_id', gen_random_uuid(), 'message_id', gen_random_uuid(),"
        " 'message_type', 'text', 'text', 'Oi, aqui é a Ana', 'payload',"
        " jsonb_build_object('type', 'text', 'text', jsonb_build_object('body', 'Oi'))))))",
        scene.organization_id,
        scene.conversation_id,
    )
    [[begun]] = scene.rows(
        "SELECT agents.begin_send(organization_id, id, 43200, 0) ->> 'state' FROM platform.outbox WHERE kind = 'human'"
    )
    assert begun == "sending"


@pytest.mark.parametrize("scope", SCOPES)
def test_an_agent_s_own_run_waits_for_the_switch(scene: Scene, scope: str) -> None:
    agent_id = add_builder(scene, due="1 minute")
    swept(scene)
    [[run_id]] = runs_of(scene, "id")
    if scope == "agent":
        switch(scene.application, scene.organization_id, "agent", agent_id, paused=True, reason="incident")
    else:
        turn(scene, scope, paused=True)
    assert work(scene, run_id, Worked()) == {"result": "waiting", "reason": REASONS[scope]}


def test_the_platform_s_switch_is_not_an_organization_s_to_turn(scene: Scene) -> None:
    with pytest.raises(Exception, match="permission denied"):
        switch_platform(scene.application, paused=True, reason="mine")


def test_a_switch_is_turned_for_a_reason_that_the_audit_log_keeps(scene: Scene) -> None:
    with pytest.raises(Rejected, match="reason"):
        turn(scene, "agent", paused=True, reason=" ")
    turn(scene, "agent", paused=True, reason="wrong prices")
    assert scene.rows(
        "SELECT action, resource_type, metadata ->> 'reason' FROM audit.activity_logs WHERE action LIKE 'ai.%%'"
    ) == [["ai.paused", "agent", "wrong prices"]]
