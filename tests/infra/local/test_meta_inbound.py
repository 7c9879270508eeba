"""POST /inbound: everything that can happen at an account, as the product reads it, alone and in one delivery."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.meta.page_happenings import kinds_of
from infra.local.meta.whatsapp_happenings import KINDS
from shared.channels.products import SPLITS
from tests.infra.local.meta_server import CUSTOMER, INSTAGRAM, PERSON, PHONE, TOKEN, MetaServer

if TYPE_CHECKING:
    from shared.channels.items import Item

EVERY = [
    *(("whatsapp", kind) for kind in sorted(KINDS - {"raw"})),
    *((channel, kind) for channel in ("instagram", "messenger") for kind in sorted(kinds_of(channel) - {"raw"})),
]


def _items(meta: MetaServer, channel: str) -> list[Item]:
    """What the product makes of the latest delivery."""
    return SPLITS[channel](json.loads(meta.receiver.received[-1].body))


@pytest.mark.parametrize(("channel", "kind"), EVERY)
def test_the_product_reads_every_kind_that_happens(meta: MetaServer, channel: str, kind: str) -> None:
    meta.happen(channel=channel, text="antes")
    answer = meta.happen(channel=channel, kind=kind, text="Vocês abrem?")
    assert answer.json()["answers"] == [200], answer.text
    items = _items(meta, channel)
    assert items
    unread = {"comment", "account_linking", "optin"}  # of other departments, or of nobody yet: stored as they are
    assert all(item["kind"] != "unparsed" for item in items) or kind in unread


@pytest.mark.parametrize("channel", ["whatsapp", "instagram", "messenger"])
def test_what_cannot_be_read_can_be_sent_too(meta: MetaServer, channel: str) -> None:
    """The negative control: `raw` is whatever the test says."""
    meta.happen(channel=channel, kind="raw", message={"type": 7, "mid": 8, "id": 9})
    assert "unparsed" in {item["kind"] for item in _items(meta, channel)}


def test_one_delivery_brings_messages_of_several_accounts_and_a_malformed_one(meta: MetaServer) -> None:
    for phone in ("501", "502"):
        meta.client.put(f"/phone_numbers/{phone}", json={"access_token": TOKEN})
    batch: list[dict[str, Any]] = [
        {"account": account, "text": f"{number}"} for account in (PHONE, "501", "502") for number in range(4)
    ]
    batch[5] = {"account": "501", "kind": "raw", "message": {"id": 7}}
    answer = meta.happen(batch=batch)
    assert answer.json()["answers"] == [200]
    assert len(answer.json()["ids"]) == 12
    assert len(meta.receiver.received) == 1
    items = _items(meta, "whatsapp")
    assert [item["kind"] for item in items].count("message") == 11
    assert [item["kind"] for item in items].count("unparsed") == 1
    assert len(json.loads(meta.receiver.received[0].body)["entry"]) == 3


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
def test_what_another_app_owns_comes_in_standby(meta: MetaServer, channel: str) -> None:
    meta.happen(channel=channel, text="oi", standby=True)
    meta.happen(channel=channel, kind="postback", standby=True)
    (message,), (postback,) = (json.loads(got.body)["entry"][0]["standby"] for got in meta.receiver.received)
    assert message["message"]["text"] == "oi"
    assert "payload" not in postback["postback"]


def test_instagram_tells_in_changes_what_the_dashboard_sends(meta: MetaServer) -> None:
    meta.happen(channel="instagram", text="teste", shape="changes")
    (entry,) = json.loads(meta.receiver.received[0].body)["entry"]
    (change,) = entry["changes"]
    assert (entry["id"], change["field"], change["value"]["message"]["text"]) == (INSTAGRAM, "messages", "teste")


def test_a_customer_may_be_known_by_a_user_id_alone(meta: MetaServer) -> None:
    meta.happen(text="oi", user_id="BR.13491208655302741918", username="marina", hide_phone=True)
    value = meta.webhooks()[0]
    assert "from" not in value["messages"][0]
    assert "wa_id" not in value["contacts"][0]
    assert value["messages"][0]["from_user_id"] == value["contacts"][0]["user_id"] == "BR.13491208655302741918"


def test_a_person_who_writes_in_the_businesss_app_is_echoed_without_our_metadata(meta: MetaServer) -> None:
    meta.happen(kind="echo", text="Oi, aqui é a Ana")
    meta.happen(channel="messenger", kind="echo", text="Oi, aqui é a Ana")
    change = json.loads(meta.receiver.received[0].body)["entry"][0]["changes"][0]
    assert change["field"] == "smb_message_echoes"
    assert change["value"]["message_echoes"][0]["to"] == CUSTOMER
    echo = meta.events()[0]
    assert (echo["recipient"]["id"], echo["message"]["is_echo"]) == (PERSON, True)
    assert "metadata" not in echo["message"]


def test_a_reaction_is_to_the_latest_message_unless_another_is_named(meta: MetaServer) -> None:
    (written,) = meta.happen(text="oi").json()["ids"]
    meta.happen(kind="reaction")
    meta.happen(kind="reaction", target="wamid.x", emoji="")
    first, second = (value["messages"][0]["reaction"] for value in meta.webhooks()[1:])
    assert first == {"message_id": written, "emoji": "👍"}
    assert second == {"message_id": "wamid.x"}


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"channel": "telegram", "text": "x"}, "channel = 'telegram'"),
        ({"kind": "hologram"}, "kind = 'hologram' does not happen on whatsapp"),
        ({"channel": "messenger", "kind": "story_mention"}, "does not happen on messenger"),
        ({"kind": "reaction"}, "needs a target"),
        ({"batch": []}, "batch must be"),
        ({"batch": [{"text": "a"}, {"channel": "instagram", "text": "b"}]}, "of one channel"),
    ],
)
def test_the_impossible_is_refused_with_what_would_be_right(
    meta: MetaServer, wanted: dict[str, Any], complaint: str
) -> None:
    answer = meta.happen(**wanted)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]
    assert meta.receiver.received == []
