"""The Meta sandbox as Instagram and Messenger: what it takes, what it refuses, and what comes back of it."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.local.meta_server import (
    APP_SECRET,
    INSTAGRAM,
    INSTAGRAM_APP_SECRET,
    PAGE,
    PAGE_TOKEN,
    PERSON,
    MetaServer,
)
from tests.support.waiting import eventually

if TYPE_CHECKING:
    import httpx

CHANNELS = ("instagram", "messenger")
SECRETS = {"instagram": INSTAGRAM_APP_SECRET, "messenger": APP_SECRET}
ACCOUNT = {"instagram": INSTAGRAM, "messenger": PAGE}
OTHER_TOKEN = "EAAanother-token"  # noqa: S105 - of the sandbox
BOTH_TOKEN = "EAAtoken-of-a-page-with-both"  # noqa: S105 - of the sandbox
METADATA = "0193a1b2-0000-7000-8000-000000000001"


def _error(answer: httpx.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    assert error["fbtrace_id"]
    return error["code"], error.get("error_subcode")


@pytest.mark.parametrize("channel", CHANNELS)
def test_an_accepted_message_is_answered_recorded_and_echoed_with_our_metadata(meta: MetaServer, channel: str) -> None:
    answer = meta.write(channel, {"text": "Olá! 🥖", "metadata": METADATA})
    assert answer.status_code == 200
    assert answer.json()["recipient_id"] == PERSON
    (call,) = meta.calls()
    assert (call["channel"], call["phone_number_id"], call["to"]) == (channel, ACCOUNT[channel], PERSON)
    assert (call["body"], call["biz_opaque_callback_data"]) == ("Olá! 🥖", METADATA)
    assert call["wamid"] == answer.json()["message_id"]
    eventually(lambda: len(meta.events()) == (2 if channel == "instagram" else 3))
    echo = meta.events()[0]
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (ACCOUNT[channel], PERSON)
    assert (echo["message"]["is_echo"], echo["message"]["metadata"]) == (True, METADATA)
    assert echo["message"]["mid"] == call["wamid"]
    assert echo["message"]["app_id"]


def test_messenger_tells_by_watermark_and_instagram_by_message_what_was_read(meta: MetaServer) -> None:
    mid = meta.write("instagram", {"text": "a"}).json()["message_id"]
    meta.write("messenger", {"text": "b"})
    eventually(lambda: len(meta.events()) == 5)
    reads = [event["read"] for event in meta.events() if "read" in event]
    assert {"mid": mid} in reads
    delivery = next(event["delivery"] for event in meta.events() if "delivery" in event)
    (watermark,) = [read["watermark"] for read in reads if "watermark" in read]
    assert 0 < delivery["watermark"] <= watermark


@pytest.mark.parametrize("channel", CHANNELS)
def test_webhooks_come_to_the_channels_path_signed_with_its_apps_secret(meta: MetaServer, channel: str) -> None:
    meta.write(channel, {"text": "oi"})
    eventually(meta.events)
    received = meta.receiver.received[0]
    assert received.path == f"/{channel}"
    mac = hmac.new(SECRETS[channel].encode(), received.body, hashlib.sha256).hexdigest()
    assert received.headers["X-Hub-Signature-256"] == f"sha256={mac}"
    body = json.loads(received.body)
    assert body["object"] == {"instagram": "instagram", "messenger": "page"}[channel]
    assert body["entry"][0]["id"] == ACCOUNT[channel]


GENERIC = {
    "type": "template",
    "payload": {
        "template_type": "generic",
        "elements": [{"title": "Pão", "buttons": [{"type": "postback", "title": "Quero", "payload": "PAO"}]}],
    },
}
QUICK = [{"content_type": "text", "title": "Sim", "payload": "SIM"}]
RIGHT: dict[str, dict[str, Any]] = {
    "a text": {"text": "x"},
    "quick replies": {"text": "?", "quick_replies": QUICK * 13},
    "an image": {"attachment": {"type": "image", "payload": {"url": "https://example.test/a.png"}}},
    "a file by id": {"attachment": {"type": "file", "payload": {"attachment_id": "1"}}},
    "a generic template": {"attachment": GENERIC},
}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("right", RIGHT)
def test_a_message_of_the_right_shape_is_accepted(meta: MetaServer, channel: str, right: str) -> None:
    """The negative control of the refusals."""
    assert meta.write(channel, RIGHT[right]).status_code == 200
    assert len(meta.calls()) == 1


WRONG: dict[str, tuple[dict[str, Any] | None, dict[str, Any]]] = {
    "no message": (None, {}),
    "an empty message": ({}, {}),
    "text beside an attachment": ({"text": "x", **RIGHT["an image"]}, {}),
    "fourteen quick replies": ({"text": "?", "quick_replies": QUICK * 14}, {}),
    "a title of 21 characters": ({"text": "?", "quick_replies": [{**QUICK[0], "title": "x" * 21}]}, {}),
    "an unknown attachment": ({"attachment": {"type": "hologram", "payload": {}}}, {}),
    "a template without elements": ({"attachment": {"type": "template", "payload": {"template_type": "generic"}}}, {}),
    "metadata of 1001 characters": ({"text": "x", "metadata": "x" * 1001}, {}),
    "nobody to send to": ({"text": "x"}, {"recipient": {}}),
    "an id that is none": ({"text": "x"}, {"recipient": {"id": "maria"}}),
    "an unknown action": (None, {"sender_action": "wave"}),
    "an action and a message": ({"text": "x"}, {"sender_action": "typing_on"}),
    "a tag that is none": ({"text": "x"}, {"messaging_type": "MESSAGE_TAG", "tag": "HELLO"}),
}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_message_of_the_wrong_shape_is_refused_and_not_recorded(meta: MetaServer, channel: str, wrong: str) -> None:
    message, fields = WRONG[wrong]
    answer = meta.write(channel, message, **fields)
    assert answer.status_code == 400
    assert _error(answer)[0] == 100
    assert meta.calls() == []


def test_messenger_wants_to_know_why_a_message_is_sent_and_instagram_does_not(meta: MetaServer) -> None:
    assert meta.write("messenger", {"text": "x"}, messaging_type=None).status_code == 400
    assert meta.write("instagram", {"text": "x"}).status_code == 200


def test_a_text_on_instagram_has_at_most_1000_bytes_and_on_messenger_2000_characters(meta: MetaServer) -> None:
    assert meta.write("instagram", {"text": "ã" * 500}).status_code == 200
    assert _error(meta.write("instagram", {"text": "ã" * 501}))[0] == 100
    assert meta.write("messenger", {"text": "ã" * 2000}).status_code == 200
    assert _error(meta.write("messenger", {"text": "ã" * 2001}))[0] == 100


@pytest.mark.parametrize("tag", ["CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE"])
def test_a_tag_that_has_ended_is_refused_with_its_subcode(meta: MetaServer, tag: str) -> None:
    answer = meta.write("messenger", {"text": "x"}, messaging_type="MESSAGE_TAG", tag=tag)
    assert _error(answer) == (100, 1893061)


@pytest.mark.parametrize("channel", CHANNELS)
def test_typing_seen_and_reactions_are_listed_apart(meta: MetaServer, channel: str) -> None:
    assert meta.write(channel, sender_action="mark_seen").json() == {"recipient_id": PERSON}
    assert meta.write(channel, sender_action="typing_on").status_code == 200
    payload = {"message_id": "m_1", "reaction": "love"}
    assert meta.write(channel, sender_action="react", payload=payload).status_code == 200
    assert meta.calls() == []
    reads = meta.client.get("/reads").json()
    assert [read["action"] for read in reads] == ["mark_seen", "typing_on", "react"]
    assert {read["channel"] for read in reads} == {channel}
    assert (reads[2]["message_id"], reads[2]["reaction"]) == ("m_1", "love")


def test_a_token_acts_for_its_own_account_only(meta: MetaServer) -> None:
    assert _error(meta.write("instagram", {"text": "x"}, token=PAGE_TOKEN)) == (190, None)
    assert _error(meta.write("messenger", {"text": "x"}, token=OTHER_TOKEN)) == (190, None)
    assert meta.calls() == []


def test_a_pages_token_serves_the_page_and_its_instagram_account(meta: MetaServer) -> None:
    """The page-token shape of Instagram: POST /me/messages; whose customer it is decides."""
    token = BOTH_TOKEN
    owned = {"access_token": token, "login": "facebook", "page_id": "120000000000001"}
    meta.client.put("/accounts/instagram/17841400000000009", json=owned)
    meta.client.put("/accounts/messenger/120000000000001", json={"access_token": token})
    meta.happen(channel="instagram", account="17841400000000009", text="oi")
    assert meta.write("messenger", {"text": "to Instagram"}, token=token).status_code == 200
    assert meta.write("messenger", {"text": "to Messenger"}, token=token, recipient={"id": "777"}).status_code == 200
    assert [(call["channel"], call["body"]) for call in meta.calls()] == [
        ("instagram", "to Instagram"),
        ("messenger", "to Messenger"),
    ]
    mac = hmac.new(APP_SECRET.encode(), meta.receiver.received[0].body, hashlib.sha256).hexdigest()
    assert meta.receiver.received[0].headers["X-Hub-Signature-256"] == f"sha256={mac}"


def test_what_is_owed_on_every_channel_survives_a_restart(meta: MetaServer) -> None:
    meta.set_faults(status_delay_ms=60_000)
    meta.write("instagram", {"text": "a"})
    meta.write("messenger", {"text": "b"})
    meta.restart()
    assert [call["channel"] for call in meta.calls()] == ["instagram", "messenger"]
    eventually(lambda: len(meta.events()) == 5)
