"""C-17: the window is decided at the moment of sending; outside it a template goes out once, or a person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.work_sweep.handler import sweep
from shared.channels.outbox import Delivery, NotSent, SendResult
from shared.channels.payloads import media_payload, template_payload, text_payload
from shared.conversations.repair import SweepTimes
from tests.channels.replies import begin, begun, commit_reply, finish, outbox, run
from tests.channels.waiting import TEMPLATE, become, name_window_template, on_text, queued, window_error
from tests.support.answers import ScriptedSender
from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.support.database import Database

LATE = "UPDATE platform.conversations SET last_inbound_at = now() - interval '25 hours'"


class Nobody:
    """A queue that nobody listens to."""

    def wake(self, queue: str, *, url: str, payload: dict[str, str], at: datetime | None, name: str | None) -> None:
        pass


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    with scene_in(shared_database) as found:
        yield found


def test_a_template_takes_the_place_of_a_reply_that_came_too_late(scene: Scene) -> None:
    """The customer is asked to write again, and the agent stays in charge."""
    name_window_template(scene)
    commit_reply(scene, "Um.", "Dois.")
    scene.execute(LATE)
    sender = ScriptedSender()
    run(scene, sender=sender)
    assert [delivery.payload for delivery in sender.sent] == [
        {"type": "template", "name": "volta", "language": "pt_BR", "components": [], "category": "utility"}
    ]
    assert outbox(scene, "kind", "state", "cancel_reason") == [
        ["reply", "held", "window_closed"],
        ["reply", "held", "window_closed"],
        ["template", "accepted", None],
    ]
    assert scene.conversation("automation_state", "assigned_to_human") == ["auto", False]
    assert scene.rows("SELECT text_content FROM platform.messages WHERE message_type = 'template'") == [
        [TEMPLATE["text"]]
    ]


def test_a_window_error_of_the_provider_closes_the_window_and_sends_the_template_once(scene: Scene) -> None:
    """The provider's clock wins over ours, at once and until the customer writes again."""
    name_window_template(scene)
    commit_reply(scene)
    sender = ScriptedSender(on_text(window_error))
    run(scene, sender=sender)
    assert [delivery.payload["type"] for delivery in sender.sent] == ["text", "template"]
    assert scene.conversation("window_closed_at IS NOT NULL") is True
    [outbox_id] = queued(scene, text_payload("Você está aí?"))
    assert begin(scene, outbox_id) == NotSent(state="held", reason="window_closed")
    run(scene, sender=sender)
    assert len(sender.sent) == 2, "one template for one closed window"
    assert scene.conversation("automation_state") == "human", "now it is a person's"


def test_a_window_error_without_a_template_is_a_persons_work(scene: Scene) -> None:
    commit_reply(scene)
    run(scene, sender=ScriptedSender(on_text(window_error)))
    assert outbox(scene, "state", "error_code") == [["held", "131047"]]
    assert scene.conversation("automation_state", "assigned_to_human") == ["human", True]


def test_the_window_opens_again_when_the_customer_writes(scene: Scene) -> None:
    commit_reply(scene)
    run(scene, sender=ScriptedSender(on_text(window_error)))
    scene.says("estou aqui")
    [outbox_id] = queued(scene, text_payload("Que bom!"))
    assert isinstance(begin(scene, outbox_id), Delivery)


def test_a_window_error_that_comes_with_a_status_takes_the_same_way_once(scene: Scene) -> None:
    """131047 of a message that had been accepted."""
    name_window_template(scene)
    commit_reply(scene)
    sender = ScriptedSender()
    run(scene, sender=sender)
    [[outbox_id, wamid]] = scene.rows("SELECT id, provider_message_id FROM platform.outbox")
    for _ in range(2):
        scene.reports("failed", provider_message_id=wamid, outbox_id=outbox_id, error_code="131047")
        times = SweepTimes(sending_limit=0, uncertain=0, lease=0, grace=0)
        sweep(scene.worker, queue=Nobody(), turn_url="", delivery_url="", times=times)
        run(scene, sender=sender)
    assert outbox(scene, "kind", "state", "error_code") == [
        ["reply", "refused", "131047"],
        ["template", "accepted", None],
    ]
    assert [delivery.payload["type"] for delivery in sender.sent] == ["text", "template"]
    assert scene.conversation("automation_state", "window_closed_at IS NOT NULL") == ["auto", True]


@pytest.mark.parametrize("provider", ["instagram", "messenger"])
@pytest.mark.parametrize(
    ("kind", "days", "verdict"),
    [("human", 6, "late"), ("human", 8, "window_closed"), ("survey", 6, "window_closed")],
)
def test_only_what_a_person_wrote_goes_out_for_seven_days_and_says_so(
    scene: Scene, provider: str, kind: str, days: int, verdict: str
) -> None:
    scene.says("oi?")
    become(scene, provider)
    [outbox_id] = queued(scene, text_payload("Chegou!"), kind=kind)  # type: ignore[arg-type]
    scene.execute(f"UPDATE platform.conversations SET last_inbound_at = now() - interval '{days} days'")
    found = begin(scene, outbox_id)
    assert (("late" if found.late else "sent") if isinstance(found, Delivery) else found.reason) == verdict


def test_a_reply_of_the_agent_never_uses_the_seven_days(scene: Scene) -> None:
    [outbox_id] = commit_reply(scene)
    become(scene, "messenger")
    name_window_template(scene)
    scene.execute(LATE)
    assert begin(scene, outbox_id) == NotSent(state="held", reason="window_closed")
    assert outbox(scene, "kind") == [["reply"]], "Messenger knows no templates"


@pytest.mark.parametrize(("provider", "closed"), [("whatsapp", True), ("instagram", True)])
def test_a_persons_file_does_not_use_the_seven_days(scene: Scene, provider: str, *, closed: bool) -> None:
    scene.says("oi?")
    become(scene, provider)
    [outbox_id] = queued(scene, media_payload("image", link="https://files.test/a.png"))
    scene.execute(LATE)
    assert isinstance(begin(scene, outbox_id), NotSent) is closed


def test_within_the_window_a_persons_text_is_an_ordinary_one(scene: Scene) -> None:
    scene.says("oi?")
    become(scene, "instagram")
    [outbox_id] = queued(scene, text_payload("Chegou!"))
    assert begun(scene, outbox_id).late is False


def test_a_template_goes_out_at_any_time(scene: Scene) -> None:
    scene.says("oi?")
    [outbox_id] = queued(scene, template_payload("volta", language="pt_BR"), kind="template")
    scene.execute("UPDATE platform.conversations SET last_inbound_at = now() - interval '90 days'")
    assert isinstance(begin(scene, outbox_id), Delivery)


def test_whom_nobody_heard_of_yet_gets_templates_only(scene: Scene) -> None:
    scene.says("oi?")
    [text] = queued(scene, text_payload("Olá"), kind="survey")
    scene.execute("UPDATE platform.conversations SET last_inbound_at = NULL")
    assert begin(scene, text) == NotSent(state="cancelled", reason="window_closed")


def test_a_template_that_the_provider_refuses_is_not_used_again(scene: Scene) -> None:
    """The owner puts it right; until then a person is told."""
    name_window_template(scene)
    commit_reply(scene)
    scene.execute(LATE)
    refused = SendResult(outcome="refused", error_code="132001", consequence="template")
    run(scene, sender=ScriptedSender(lambda _: refused))
    assert scene.value(
        "SELECT configuration #> '{window_template,disabled_at}' IS NOT NULL FROM integrations.connections"
    )
    assert scene.conversation("automation_state") == "human"
    assert scene.rows("SELECT action FROM audit.activity_logs WHERE action = 'template.disabled'") == [
        ["template.disabled"]
    ]


def test_opting_out_stops_templates_and_surveys_and_not_service(scene: Scene) -> None:
    """C-20."""
    scene.says("oi?")
    scene.execute("UPDATE platform.conversations SET opted_out_at = last_inbound_at")
    template = template_payload("volta", language="pt_BR")
    for kind, payload, stopped in (
        ("template", template, True),
        ("template", {**template, "category": "utility"}, False),
        ("survey", text_payload("Como foi?"), True),
        ("human", text_payload("Sua encomenda chegou."), False),
    ):
        [outbox_id] = queued(scene, payload, kind=kind)  # type: ignore[arg-type]
        found = begin(scene, outbox_id)
        assert (found == NotSent(state="cancelled", reason="opted_out")) is stopped
        if isinstance(found, Delivery):
            finish(scene, found, "accepted", message_id=f"wamid.{outbox_id}")


def test_a_refusal_for_opting_out_is_remembered_and_calls_nobody_for_a_template(scene: Scene) -> None:
    """C-20: 131050."""
    scene.says("oi?")
    [first] = queued(scene, template_payload("volta", language="pt_BR"), kind="template")
    finish(scene, begun(scene, first), "refused", error_code="131050", consequence="opt_out")
    assert scene.conversation("opted_out_at IS NOT NULL", "automation_state") == [True, "auto"]
    assert scene.rows("SELECT metadata FROM audit.activity_logs WHERE action = 'contact.opted_out'") == [
        [{"by": "provider"}]
    ]
    [second] = queued(scene, template_payload("volta", language="pt_BR"), kind="template")
    assert begin(scene, second) == NotSent(state="cancelled", reason="opted_out")


def test_the_customers_newest_word_counts_in_every_conversation(scene: Scene) -> None:
    """C-20: a stop elsewhere blocks at once, and whoever resumes gets templates again."""
    scene.says("oi?")
    contact = "UPDATE platform.contacts SET marketing_opted_out_at = {}, marketing_choice_at = now()"
    for choice, stopped in (("now()", True), ("NULL", False)):
        scene.execute(contact.format(choice))
        [outbox_id] = queued(scene, template_payload("volta", language="pt_BR"), kind="template")
        found = begin(scene, outbox_id)
        assert (found == NotSent(state="cancelled", reason="opted_out")) is stopped


@pytest.mark.parametrize("by", ["customer", "provider"])
def test_an_opt_out_is_the_contacts_and_not_only_the_conversations(scene: Scene, by: str) -> None:
    """C-20: PARE, and 131050."""
    scene.says("oi?" if by == "provider" else "PARE")
    if by == "provider":
        [outbox_id] = queued(scene, template_payload("volta", language="pt_BR"), kind="template")
        finish(scene, begun(scene, outbox_id), "refused", error_code="131050", consequence="opt_out")
    else:
        run(scene)
    stopped = "SELECT marketing_opted_out_at IS NOT NULL AND marketing_choice_at IS NOT NULL FROM platform.contacts"
    assert scene.value(stopped) is True
