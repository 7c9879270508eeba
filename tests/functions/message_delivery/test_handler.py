"""C-17, C-18, C-19, H-02: what message_delivery sends, in which order, and how its next run is asked for."""

from __future__ import annotations

from collections.abc import Iterator  # noqa: TC003 - pytest resolves fixtures' annotations
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.message_delivery.handler import DeliveryTimes, deliver
from functions.work_sweep.handler import sweep
from shared.channels.graph import GraphSender
from shared.channels.payloads import template_payload, text_payload
from shared.conversations.repair import SweepTimes
from shared.kit.errors import Rejected, Unavailable
from tests.channels.graph_server import ACCEPTED, Provider, answer, refusal, serving
from tests.channels.replies import commit_reply, outbox
from tests.channels.waiting import become, name_window_template, queued
from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from uuid import UUID

    from tests.support.database import Database

URL = "https://run.test/message_delivery"
TIMES = DeliveryTimes(max_age=43200.0, quiet=0.0, uncertain=0.0, timeout=20.0)
AT_ONCE = SweepTimes(sending_limit=0, uncertain=0, lease=0, grace=0)


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


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    with serving(found):
        yield found


def run(
    scene: Scene, provider: Provider, *, tasks: Tasks | None = None, conversation_id: UUID | None = None
) -> dict[str, Any]:
    sender = GraphSender(base_url=provider.url, version="v24.0", open_token=lambda *_: "EAAGsecretsecret")
    try:
        return deliver(
            {
                "organization_id": str(scene.organization_id),
                "conversation_id": str(conversation_id or scene.conversation_id),
            },
            database=scene.application,
            queue=tasks or Tasks(),
            own_url=URL,
            sender=sender,
            times=TIMES,
        )
    finally:
        sender.close()


def texts(provider: Provider) -> list[str]:
    return [body["text"]["body"] for _, _, body in provider.received if body.get("type") == "text"]


def numbered(provider: Provider) -> Any:
    """Accepts each message under an id of its own."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, 200, {**ACCEPTED, "messages": [{"id": f"wamid.{len(provider.received)}"}]})

    return behave


def test_what_people_wrote_is_sent_in_order(scene: Scene, provider: Provider) -> None:
    provider.behave = numbered(provider)
    scene.says("oi?")
    queued(scene, text_payload("Um."))
    queued(scene, text_payload("Dois."))
    assert run(scene, provider) == {"result": "accepted", "reason": None, "accepted": 2, "asked": []}
    assert texts(provider) == ["Um.", "Dois."]
    assert scene.rows(
        "SELECT external_message_id, delivery_status FROM platform.messages WHERE sender_type = 'human'"
        " ORDER BY created_at"
    ) == [["wamid.1", "sent"], ["wamid.2", "sent"]]


def test_a_second_task_finds_nothing_to_do(scene: Scene, provider: Provider) -> None:
    scene.says("oi?")
    queued(scene, text_payload("Um."))
    run(scene, provider)
    assert run(scene, provider)["result"] == "idle"
    assert len(provider.received) == 1


def test_an_unknown_conversation_is_nothing_to_do(scene: Scene, provider: Provider) -> None:
    assert run(scene, provider, conversation_id=uuid4())["result"] == "idle"


@pytest.mark.parametrize("payload", [None, [], {}, {"organization_id": "1", "conversation_id": "2"}])
def test_a_task_without_its_ids_can_never_be_done(scene: Scene, provider: Provider, payload: object) -> None:
    sender = GraphSender(base_url=provider.url, version="v24.0", open_token=lambda *_: "")
    with pytest.raises(Rejected):
        deliver(payload, database=scene.application, queue=Tasks(), own_url=URL, sender=sender, times=TIMES)


def test_what_must_wait_has_a_task_of_its_own_at_its_time(scene: Scene, provider: Provider) -> None:
    """131056: the pair limit puts the message off by six seconds."""
    provider.behave = lambda handler: answer(handler, 400, refusal(131056))
    scene.says("oi?")
    queued(scene, text_payload("Um."))
    tasks = Tasks()
    assert run(scene, provider, tasks=tasks)["result"] == "ready"
    [asked] = tasks.asked
    assert (asked["queue"], asked["url"]) == ("deliveries", URL)
    assert timedelta(seconds=4) < asked["at"] - datetime.now(UTC) <= timedelta(seconds=6)
    tasks.away = True
    scene.execute("UPDATE platform.outbox SET not_before = now()")
    assert run(scene, provider, tasks=tasks)["result"] == "ready", "the sweep finds it"


def test_a_closed_window_sends_the_template_in_the_same_run(scene: Scene, provider: Provider) -> None:
    """C-17."""
    name_window_template(scene)
    scene.says("oi?")
    queued(scene, text_payload("Ainda está aí?"))

    def closed(handler: BaseHTTPRequestHandler) -> None:
        is_text = provider.received[-1][2]["type"] == "text"
        answer(handler, *((400, refusal(131047)) if is_text else (200, ACCEPTED)))

    provider.behave = closed
    assert run(scene, provider)["result"] == "accepted"
    assert [body["type"] for _, _, body in provider.received] == ["text", "template"]
    assert outbox(scene, "kind", "state") == [["human", "held"], ["template", "accepted"]]


def test_an_uncertain_message_is_asked_for_and_only_then_sent_again(scene: Scene, provider: Provider) -> None:
    """C-18, K6: the message arrived although its answer was lost, so the customer gets it once."""
    scene.says("oi?")
    become(scene, "messenger")
    queued(scene, text_payload("Chegou!"))

    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.close()
        handler.close_connection = True

    provider.behave = cut
    assert run(scene, provider)["result"] == "uncertain"

    def listed(handler: BaseHTTPRequestHandler) -> None:
        found = {
            "id": "mid.1",
            "created_time": datetime.now(UTC).isoformat(),
            "from": {"id": "page"},
            "message": "Chegou!",
        }
        answer(handler, 200, {"data": [{"messages": {"data": [found]}}]})

    provider.behave = listed
    assert run(scene, provider)["asked"] == ["accepted"]
    assert outbox(scene, "state", "provider_message_id") == [["accepted", "mid.1"]]
    assert [bool(body) for _, _, body in provider.received] == [True, False], "sent once, asked once"


def test_what_never_arrived_is_sent_again_in_the_run_that_asked(scene: Scene, provider: Provider) -> None:
    first, *_ = commit_reply(scene, "Um.", "Dois.")
    become(scene, "instagram")
    scene.execute(
        "UPDATE platform.outbox SET state = 'uncertain', attempt = 1, sending_at = now(), uncertain_at = now()"
        " WHERE id = %s",
        first,
    )

    def behave(handler: BaseHTTPRequestHandler) -> None:
        sent = len([body for _, _, body in provider.received if body])
        asked = not provider.received[-1][2]
        answer(handler, 200, {"data": []} if asked else {"recipient_id": "1", "message_id": f"mid.{sent}"})

    provider.behave = behave
    assert run(scene, provider)["accepted"] == 2
    assert [body["message"]["text"] for _, _, body in provider.received if body] == ["Um.", "Dois."]
    assert outbox(scene, "state", "attempt") == [["accepted", 2], ["accepted", 1]]


def test_the_sweep_wakes_deliveries_for_what_no_turn_wrote_and_turns_for_replies(scene: Scene) -> None:
    scene.says("oi?")
    queued(scene, template_payload("volta", language="pt_BR"), kind="template")
    scene.execute("UPDATE platform.outbox SET not_before = now() - interval '1 minute'")
    tasks = Tasks()
    counts = sweep(scene.worker, queue=tasks, turn_url="https://run.test/turn", delivery_url=URL, times=AT_ONCE)
    assert counts["reasons"]["undelivered"] >= 1
    mine = [task for task in tasks.asked if task["payload"]["conversation_id"] == str(scene.conversation_id)]
    assert [(task["queue"], task["url"]) for task in mine] == [("deliveries", URL)]


def test_the_sweep_wakes_deliveries_for_an_uncertain_send_that_can_be_asked_for(scene: Scene) -> None:
    """And leaves it uncertain: the provider's word comes before a second send."""
    [outbox_id] = commit_reply(scene)
    become(scene, "messenger")
    scene.execute(
        "UPDATE platform.outbox SET state = 'uncertain', attempt = 1, sending_at = now(),"
        " uncertain_at = now() - interval '100 seconds' WHERE id = %s",
        outbox_id,
    )
    tasks = Tasks()
    times = SweepTimes(uncertain=60.0, grace=0.0)
    sweep(scene.worker, queue=tasks, turn_url="https://run.test/turn", delivery_url=URL, times=times)
    mine = [task for task in tasks.asked if task["payload"]["conversation_id"] == str(scene.conversation_id)]
    assert [task["queue"] for task in mine] == ["deliveries"]
    assert outbox(scene, "state") == [["uncertain"]]
    scene.execute("UPDATE platform.outbox SET uncertain_at = now() - interval '300 seconds'")
    sweep(scene.worker, queue=tasks, turn_url="https://run.test/turn", delivery_url=URL, times=times)
    assert outbox(scene, "state") == [["ready"]], "nobody could be asked for long: as for WhatsApp"
