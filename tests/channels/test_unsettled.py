"""C-18: Instagram and Messenger are asked what became of an uncertain message before it is sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.channels.graph import GraphSender
from shared.channels.outbox import NotSent
from shared.channels.payloads import media_payload, text_payload
from shared.channels.unsettled import matching, settle_unsettled, waiting_messages
from tests.channels.graph_server import Provider, answer, serving
from tests.channels.replies import begin, begun, commit_reply, finish, outbox
from tests.channels.test_graph import page_delivery
from tests.channels.waiting import become
from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from tests.support.database import Database

TOKEN = "EAAGsecretsecretsecret"  # noqa: S105 - made up


@pytest.fixture
def scene(shared_database: Database) -> Iterator[Scene]:
    with scene_in(shared_database) as found:
        yield found


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    with serving(found):
        yield found


def listed(*messages: dict[str, Any]) -> Any:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, 200, {"data": [{"messages": {"data": list(messages)}, "id": "t_1"}]})

    return behave


def message(text: str, *, ago: float = 0.0, author: str = "page", name: str = "mid.9") -> dict[str, Any]:
    moment = datetime.now(UTC) - timedelta(seconds=ago)
    return {
        "id": name,
        "created_time": moment.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "from": {"id": author, "name": "Padaria"},
        "message": text,
    }


def settle(scene: Scene, provider: Provider) -> list[str]:
    """Asks for all that the conversation has unsettled."""
    sender = GraphSender(base_url=provider.url, version="v24.0", open_token=lambda *_: TOKEN)
    waiting = waiting_messages(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        uncertain=0.0,
    )
    states = [settle_unsettled(scene.application, unsettled=one, sender=sender) for one in waiting.unsettled]
    sender.close()
    return states


def uncertain_reply(scene: Scene, channel: str, *parts: str) -> None:
    """The first part was sent, and nobody knows whether it arrived."""
    first, *_ = commit_reply(scene, *parts)
    become(scene, channel)
    finish(scene, begun(scene, first), "uncertain", error_code="ReadTimeout")


@pytest.mark.parametrize(
    ("channel", "path"), [("instagram", "/v24.0/{account}/conversations?"), ("messenger", "/v24.0/me/conversations?")]
)
def test_a_message_that_the_provider_lists_was_sent(scene: Scene, provider: Provider, channel: str, path: str) -> None:
    uncertain_reply(scene, channel, "Sim, abrimos cedo.")
    provider.behave = listed(message("Sim, abrimos cedo."), message("oi?", author=scene.customer, name="mid.8"))
    assert settle(scene, provider) == ["accepted"]
    assert outbox(scene, "state", "provider_message_id") == [["accepted", "mid.9"]]
    [(asked, headers, _)] = provider.received
    assert asked.startswith(path.format(account=scene.tenant.phone_number_id))
    assert f"user_id={scene.customer}" in asked
    assert headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_message_that_the_provider_does_not_list_goes_out_again(scene: Scene, provider: Provider) -> None:
    uncertain_reply(scene, "messenger", "Sim, abrimos cedo.")
    provider.behave = listed(message("oi?", author=scene.customer))
    assert settle(scene, provider) == ["ready"]
    assert outbox(scene, "state", "attempt") == [["ready", 1]]


def test_what_costs_money_is_held_when_it_is_not_listed(scene: Scene, provider: Provider) -> None:
    uncertain_reply(scene, "messenger", "Sim, abrimos cedo.")
    scene.execute("UPDATE platform.outbox SET resend_policy = 'hold'")
    provider.behave = listed()
    assert settle(scene, provider) == ["held"]
    assert scene.conversation("automation_state") == "human"


def test_another_message_of_ours_with_the_same_words_is_no_proof(scene: Scene, provider: Provider) -> None:
    """Its id is known already."""
    first, _second = commit_reply(scene, "Certo.", "Certo!")
    become(scene, "messenger")
    finish(scene, begun(scene, first), "accepted", message_id="mid.1")
    scene.execute("""UPDATE platform.outbox SET payload = '{"type": "text", "text": {"body": "Certo."}}'""")
    finish(scene, begun(scene, _second), "uncertain")
    provider.behave = listed(message("Certo.", name="mid.1"))
    assert settle(scene, provider) == ["ready"]
    scene.execute("UPDATE platform.outbox SET state = 'uncertain' WHERE state = 'ready'")
    provider.behave = listed(message("Certo.", name="mid.1"), message("Certo.", name='mid."2\\{ção}'))
    assert settle(scene, provider) == ["accepted"]


def test_a_provider_that_does_not_say_leaves_it_as_it_is(scene: Scene, provider: Provider) -> None:
    """Only its word counts: silence is no proof that nothing arrived."""
    uncertain_reply(scene, "instagram", "Sim.")
    for status, body in ((500, {}), (400, {"error": {"code": 190}}), (200, {"data": "?"}), (200, {})):
        provider.behave = lambda handler, s=status, b=body: answer(handler, s, b)  # type: ignore[misc]
        assert settle(scene, provider) == ["unknown"]
    assert outbox(scene, "state") == [["uncertain"]]


def test_an_answer_that_comes_after_the_message_was_settled_changes_nothing(scene: Scene, provider: Provider) -> None:
    uncertain_reply(scene, "messenger", "Sim.")
    provider.behave = listed()
    waiting = waiting_messages(
        scene.application, organization_id=scene.organization_id, conversation_id=scene.conversation_id, uncertain=0.0
    )
    scene.execute("UPDATE platform.outbox SET state = 'accepted'")
    sender = GraphSender(base_url=provider.url, version="v24.0", open_token=lambda *_: TOKEN)
    assert [settle_unsettled(scene.application, unsettled=one, sender=sender) for one in waiting.unsettled] == ["gone"]
    sender.close()


def test_whatsapp_has_nobody_to_ask(scene: Scene, provider: Provider) -> None:
    uncertain_reply(scene, "whatsapp", "Sim.")
    assert settle(scene, provider) == []
    assert provider.received == []


def test_within_the_window_a_webhook_may_still_settle_it(scene: Scene) -> None:
    uncertain_reply(scene, "messenger", "Sim.", "Sim?")
    waiting = waiting_messages(
        scene.application, organization_id=scene.organization_id, conversation_id=scene.conversation_id, uncertain=60.0
    )
    assert waiting.unsettled == ()
    assert begin(scene, waiting.ready[0]) == NotSent(state="blocked", reason="previous_part")


SENDING_AT = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "is_it"),
    [
        ({}, True),
        ({"message": "  Sim,\nabrimos  "}, True),
        ({"message": "Não"}, False),
        ({"created_time": "2026-11-24T15:58:00+0000"}, False),
        ({"created_time": "2026-11-24T15:59:45+0000"}, True),
        ({"created_time": "yesterday"}, False),
        ({"created_time": 5}, False),
        ({"from": {"id": "9001"}}, False),
        ({"from": None}, False),
        ({"id": 5}, False),
        ({"id": "mid\x00"}, False),
        ({"id": ""}, False),
        ({"id": "m" * 1001}, False),
    ],
)
def test_a_message_is_recognised_by_its_author_its_time_and_its_text(change: dict[str, Any], is_it: bool) -> None:  # noqa: FBT001 - the case's verdict
    listed_message = {
        "id": "mid.1",
        "created_time": "2026-11-24T16:00:01+0000",
        "from": {"id": "17841"},
        "message": "Sim, abrimos",
        **change,
    }
    found = matching(
        [listed_message],
        delivery=page_delivery("messenger", payload=text_payload("Sim, abrimos")),
        sending_at=SENDING_AT,
    )
    assert found == (["mid.1"] if is_it else [])


def test_a_file_is_recognised_by_having_no_text() -> None:
    delivery = page_delivery("instagram", payload=media_payload("image", link="https://files.test/a.png"))
    file = {"id": "mid.2", "created_time": "2026-11-24T16:00:02+0000", "from": {"id": "17841"}, "message": ""}
    text = {"id": "mid.1", "created_time": "2026-11-24T16:00:01+0000", "from": {"id": "17841"}, "message": "Veja"}
    assert matching([file, text], delivery=delivery, sending_at=SENDING_AT) == ["mid.2"]
