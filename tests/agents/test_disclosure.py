"""A-11: where the organization or the channel asks for it, the first automatic message says that a machine writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shared.agents.responder import Answer
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender

if TYPE_CHECKING:
    from tests.support.conversations import Scene

_SENTENCE = "Aqui é o assistente virtual da Padaria Aurora."


def said(scene: Scene, question: str, answer: str = "Temos sim.") -> str:
    scene.says(question)
    sender = ScriptedSender()
    run(scene, responder=ScriptedResponder(lambda _: Answer(text=answer)), sender=sender)
    return "|".join(sender.texts)


def demand(scene: Scene, *, disclosure: object) -> None:
    scene.execute("UPDATE departments.agents SET configuration = %s::jsonb", json.dumps({"disclosure": disclosure}))


def recorded(scene: Scene) -> list[object]:
    return [
        row[0]
        for row in scene.rows(
            "SELECT output_data -> 'disclosure' FROM departments.agent_executions ORDER BY created_at"
        )
    ]


def test_the_first_automatic_message_says_so_and_the_next_ones_do_not(scene: Scene) -> None:
    """A-11: added by code, and recorded with the execution."""
    demand(scene, disclosure=True)
    assert said(scene, "tem pão?") == f"{_SENTENCE}\n\nTemos sim."
    assert said(scene, "tem bolo?") == "Temos sim."
    assert recorded(scene) == ["added", None]


def test_what_says_so_already_says_it_once(scene: Scene) -> None:
    demand(scene, disclosure=True)
    greeting = "Olá! Aqui é o assistente virtual da Padaria Aurora. Como posso ajudar?"
    assert said(scene, "oi", greeting) == greeting
    assert recorded(scene) == ["in_text"]


def test_an_organization_may_say_it_in_its_own_words(scene: Scene) -> None:
    demand(scene, disclosure="Sou a Aurora, atendente automática da padaria.")
    assert said(scene, "tem pão?").startswith("Sou a Aurora, atendente automática da padaria.\n\n")


@pytest.mark.parametrize("provider", ["instagram", "messenger"])
def test_the_channels_policy_asks_for_it_where_the_organization_says_nothing(scene: Scene, provider: str) -> None:
    """A-11: and an organization that says no is the one that answers for it."""
    scene.become(provider)
    assert said(scene, "tem pão?").startswith(_SENTENCE)
    demand(scene, disclosure=False)
    scene.customer = "17841400000000001"
    assert said(scene, "tem pão?") == "Temos sim."


def test_on_whatsapp_it_is_the_organizations_choice(scene: Scene) -> None:
    assert said(scene, "tem pão?") == "Temos sim."


def test_after_a_person_has_spoken_it_is_said_again(scene: Scene) -> None:
    """Meta: also when a chat moves from a person to an automated experience."""
    demand(scene, disclosure=True)
    said(scene, "tem pão?")
    scene.execute(
        "INSERT INTO platform.messages (organization_id, conversation_id, connection_id, direction, sender_type,"
        " text_content) SELECT organization_id, id, connection_id, 'outbound', 'human', 'Oi, aqui é a Ana.'"
        " FROM platform.conversations"
    )
    assert said(scene, "tem bolo?").startswith(_SENTENCE)
