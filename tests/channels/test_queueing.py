"""H-02, C-19: what people write waits in the outbox and takes the conversation over in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from shared.agents.responder import Answer
from shared.channels.payloads import buttons_payload, media_payload, template_payload, text_payload
from shared.channels.queueing import queue_message
from shared.kit.errors import Rejected
from tests.channels.replies import Killed, begun, commit_reply, finish, outbox, run
from tests.channels.waiting import become, queued
from tests.support.answers import ScriptedResponder, ScriptedSender, accepted
from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.channels.outbox import Delivery, SendResult
    from tests.support.database import Database

CHANNELS = ["whatsapp", "instagram", "messenger"]


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    with scene_in(shared_database) as found:
        yield found


def test_a_persons_message_takes_the_conversation_over_and_withdraws_the_reply(scene: Scene) -> None:
    """H-02."""
    commit_reply(scene, "Um.", "Dois.")
    queued(scene, text_payload("Aqui é a Ana."))
    assert outbox(scene, "kind", "state", "cancel_reason") == [
        ["reply", "cancelled", "human_active"],
        ["reply", "cancelled", "human_active"],
        ["human", "ready", None],
    ]
    assert scene.conversation("automation_state", "assigned_to_human") == ["human", True]
    assert scene.rows(
        "SELECT sender_type, text_content, delivery_status FROM platform.messages WHERE sender_type = 'human'"
    ) == [["human", "Aqui é a Ana.", "pending"]]
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == ["Aqui é a Ana."]


def test_a_turn_that_runs_meanwhile_cannot_say_anything(scene: Scene) -> None:
    """H-02."""
    scene.says("oi?")

    def answer(_: object) -> Answer:
        queued(scene, text_payload("Aqui é a Ana."))
        return Answer(text="Sou a IA!")

    sender = ScriptedSender()
    assert run(scene, responder=ScriptedResponder(answer), sender=sender).result == "human_active"
    run(scene, sender=sender)
    assert sender.texts == ["Aqui é a Ana."]


@pytest.mark.parametrize("kind", ["template", "survey"])
def test_what_no_person_wrote_leaves_the_agent_in_charge(scene: Scene, kind: str) -> None:
    scene.says("oi?")
    payload = template_payload("volta", language="pt_BR") if kind == "template" else text_payload("Como foi?")
    queued(scene, payload, kind=kind)  # type: ignore[arg-type]
    assert scene.conversation("automation_state") == "auto"
    assert outbox(scene, "resend_policy") == [["hold" if kind == "template" else "resend"]]


def test_a_reply_and_a_template_of_the_same_message_do_not_collide(scene: Scene) -> None:
    scene.says("oi?")
    queued(scene, template_payload("volta", language="pt_BR"), kind="template")
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert [delivery.payload["type"] for delivery in sender.sent] == ["template", "text"]


def test_withdrawing_a_reply_does_not_withdraw_a_template(scene: Scene) -> None:
    commit_reply(scene)
    queued(scene, template_payload("volta", language="pt_BR"), kind="template")
    scene.says("espera")
    run(scene)
    assert sorted(outbox(scene, "kind", "state")) == [
        ["reply", "accepted"],
        ["reply", "cancelled"],
        ["template", "accepted"],
    ]


def test_a_long_text_of_a_person_is_sent_in_parts_in_order(scene: Scene) -> None:
    """C-19."""
    scene.says("oi?")
    become(scene, "instagram")
    text = "Pão de açúcar não é pão. " * 75
    queued(scene, text_payload(text))
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert len(sender.sent) == 3
    assert " ".join(sender.texts) == text.strip()


@pytest.mark.parametrize("provider", CHANNELS)
def test_a_text_in_two_parts_goes_on_where_it_was_interrupted(scene: Scene, provider: str) -> None:
    """C-19, K10: the accepted part is not repeated, whichever channel it is."""
    commit_reply(scene, "Um.", "Dois.")
    become(scene, provider)

    def die_at_the_second(delivery: Delivery) -> SendResult:
        if delivery.part == 2:
            raise Killed
        return accepted()

    with pytest.raises(Killed):
        run(scene, sender=ScriptedSender(die_at_the_second))
    scene.execute("UPDATE platform.outbox SET state = 'ready' WHERE state = 'sending'")
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == ["Dois."]
    assert outbox(scene, "state") == [["accepted"], ["accepted"]]


def test_after_a_refused_part_the_rest_of_the_text_is_not_sent_and_other_messages_are(scene: Scene) -> None:
    scene.says("oi?")
    first, *_ = queued(scene, text_payload("Pão de queijo é bom demais. " * 200))
    queued(scene, text_payload("Outra coisa."))
    finish(scene, begun(scene, first), "refused", error_code="131026")
    assert outbox(scene, "state") == [["refused"], ["cancelled"], ["ready"]]


def test_what_the_channel_does_not_take_is_stored_nowhere(scene: Scene) -> None:
    scene.says("oi?")
    with pytest.raises(Rejected, match="at most 20"):
        queued(scene, buttons_payload("Qual?", [("a", "um título com mais de vinte")]))
    assert outbox(scene, "id") == []
    assert scene.conversation("automation_state") == "auto"


def test_a_file_and_its_caption_are_two_messages_where_files_stand_alone(scene: Scene) -> None:
    scene.says("oi?")
    become(scene, "messenger")
    queued(scene, media_payload("image", link="https://files.test/a.png", caption="O bolo"))
    assert scene.rows(
        "SELECT message_type, text_content FROM platform.messages WHERE direction = 'outbound' ORDER BY created_at, id"
    ) == [["image", None], ["text", "O bolo"]]


def test_an_unknown_conversation_and_one_that_has_ended_are_refused(scene: Scene) -> None:
    scene.says("oi?")
    with pytest.raises(Rejected) as refused:
        queue_message(
            scene.application,
            organization_id=scene.organization_id,
            conversation_id=uuid4(),
            kind="human",
            payload=text_payload("Olá"),
        )
    assert refused.value.code == "unknown_conversation"
    scene.execute("UPDATE platform.conversations SET status = 'resolved'")
    with pytest.raises(Rejected) as refused:
        queued(scene, text_payload("Olá"))
    assert refused.value.code == "conversation_closed"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE platform.organizations SET ai_paused_at = now()",
        "UPDATE departments.agents SET status = 'paused'",
        "UPDATE departments.departments SET status = 'paused'",
    ],
)
def test_the_switches_of_the_ai_do_not_stop_people(scene: Scene, change: str) -> None:
    scene.says("oi?")
    queued(scene, text_payload("Aqui é a Ana."))
    scene.execute(change)
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert sender.texts == ["Aqui é a Ana."]


def test_a_conversation_that_goes_on_in_another_names_it(scene: Scene) -> None:
    """Its contact turned out to be one who has a conversation already."""
    scene.says("oi?")
    earlier, first = scene.conversation_id, scene.customer
    scene.customer = f"{int(first) + 1}"
    scene.says("oi, de outro número")
    later, scene.customer = scene.conversation_id, first
    scene.execute("UPDATE platform.conversations SET continued_in = %s WHERE id = %s", later, earlier)
    with pytest.raises(Rejected, match=str(later)):
        queued(scene, text_payload("Olá"))
