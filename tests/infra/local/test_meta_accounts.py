"""What the Meta sandbox says of accounts, tokens and conversations, asked as the product asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shared.channels.account_reading import AccountReader
from shared.channels.graph_transport import GraphTransport
from shared.channels.ownership import examine, prove
from shared.kit.errors import Rejected
from tests.infra.local.meta_server import (
    INSTAGRAM,
    INSTAGRAM_TOKEN,
    PAGE,
    PAGE_TOKEN,
    PERSON,
    PHONE,
    TOKEN,
    MetaServer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.channels.ownership import Provider

UNKNOWN = "EAAunknown"
ACCOUNTS: list[tuple[Provider, str, str]] = [
    ("whatsapp", PHONE, TOKEN),
    ("instagram", INSTAGRAM, INSTAGRAM_TOKEN),
    ("messenger", PAGE, PAGE_TOKEN),
]


@pytest.fixture
def reader(meta: MetaServer) -> Iterator[AccountReader]:
    """The product's own."""
    url = str(meta.client.base_url).rstrip("/")
    transport = GraphTransport(total_seconds=10)
    yield AccountReader(transport=transport, facebook_url=url, instagram_url=url, version="v24.0")
    transport.close()


@pytest.mark.parametrize(("provider", "account", "token"), ACCOUNTS)
def test_each_account_is_proven_and_examined_by_its_token(
    reader: AccountReader, provider: Provider, account: str, token: str
) -> None:
    proven = prove(reader, provider=provider, account=account, token=token)
    assert (proven.account, proven.provider) == (account, provider)
    assert examine(reader, provider=provider, account=account, token=token).passed


@pytest.mark.parametrize(("provider", "account", "token"), ACCOUNTS)
def test_an_account_is_not_shown_to_another_token(
    reader: AccountReader, provider: Provider, account: str, token: str
) -> None:
    with pytest.raises(Rejected):
        prove(reader, provider=provider, account=account, token=token[:-1] + "x")
    others = {"whatsapp": PHONE[:-1] + "9", "instagram": INSTAGRAM[:-1] + "9", "messenger": PAGE[:-1] + "9"}
    if provider != "whatsapp":  # a number that nobody has registered belongs to the token that asks
        with pytest.raises(Rejected):
            prove(reader, provider=provider, account=others[provider], token=token)


def test_a_blocked_number_says_why(meta: MetaServer, reader: AccountReader) -> None:
    meta.client.put(f"/phone_numbers/{PHONE}", json={"can_send_message": "BLOCKED"})
    examination = examine(reader, provider="whatsapp", account=PHONE, token=TOKEN)
    meta.client.put(f"/phone_numbers/{PHONE}", json={"can_send_message": "AVAILABLE"})
    (sending,) = [check for check in examination.checks if check.name == "sending"]
    assert sending.outcome == "failed"
    assert "payment" in sending.detail


@pytest.mark.parametrize(("provider", "account", "token"), ACCOUNTS)
def test_an_app_that_is_not_subscribed_hears_nothing(
    meta: MetaServer, reader: AccountReader, provider: Provider, account: str, token: str
) -> None:
    known = {one.get("phone_number_id", one["account_id"]): one for one in meta.client.get("/accounts").json()}
    node = known[account]["account_id"] if provider == "whatsapp" else "me"
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/v24.0/{node}/subscribed_apps"
    assert meta.client.delete(path, headers=headers).json() == {"success": True}
    examination = examine(reader, provider=provider, account=account, token=token)
    meta.send() if provider == "whatsapp" else meta.write(provider, {"text": "unheard"})
    unheard = list(meta.sandbox.record.owed())
    meta.client.post(path, headers=headers)
    assert [check.name for check in examination.checks if check.outcome == "failed"] == ["webhooks"]
    assert unheard == []
    assert examine(reader, provider=provider, account=account, token=token).passed


def test_a_token_of_instagram_login_is_renewed_and_the_old_one_goes_on(meta: MetaServer, reader: AccountReader) -> None:
    renewed = reader.renew(INSTAGRAM_TOKEN)
    assert renewed.token != INSTAGRAM_TOKEN
    assert renewed.expires_in == 60 * 24 * 3600
    for token in (renewed.token, INSTAGRAM_TOKEN):
        assert meta.write("instagram", {"text": "x"}, token=token).status_code == 200
    with pytest.raises(Rejected):
        reader.renew(PAGE_TOKEN)


def test_a_token_that_has_ended_is_refused_everywhere(meta: MetaServer, reader: AccountReader) -> None:
    path = f"/accounts/instagram/{INSTAGRAM}"
    meta.client.put(path, json={"expired": True})
    error = meta.write("instagram", {"text": "x"}).json()["error"]
    with pytest.raises(Rejected) as refused:
        reader.renew(INSTAGRAM_TOKEN)
    debugged = meta.get("debug_token", input_token=INSTAGRAM_TOKEN).json()["data"]
    meta.client.put(path, json={"expired": False})
    assert (error["code"], error["error_subcode"]) == (190, 463)
    assert refused.value.code == "token_refused"
    assert (debugged["is_valid"], debugged["error"]["subcode"]) == (False, 463)


@pytest.mark.parametrize(("provider", "account", "token"), ACCOUNTS)
def test_a_token_is_debugged(meta: MetaServer, provider: Provider, account: str, token: str) -> None:
    data = meta.client.get("/debug_token", params={"input_token": token, "access_token": TOKEN}).json()["data"]
    assert (data["is_valid"], data["type"]) == (True, "SYSTEM_USER" if provider == "whatsapp" else "PAGE")
    targets = {target for scope in data["granular_scopes"] for target in scope["target_ids"]}
    assert provider == "whatsapp" or targets == {account}
    assert meta.get("debug_token", input_token=UNKNOWN).json()["data"]["is_valid"] is False


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
def test_a_conversation_shows_what_was_said_newest_first_also_what_had_no_answer(
    meta: MetaServer, channel: str
) -> None:
    """C-18: so an uncertain send can be looked up."""
    began = datetime.now(UTC).replace(microsecond=0)
    meta.happen(channel=channel, text="Vocês abrem?")
    mid = meta.write(channel, {"text": "Abrimos às 7h.", "metadata": "key"}).json()["message_id"]
    meta.happen(channel=channel, kind="echo", text="Aqui é a Ana.")
    account, token = ("me", PAGE_TOKEN) if channel == "messenger" else (INSTAGRAM, INSTAGRAM_TOKEN)
    fields = "messages.limit(5){id,created_time,from,message}"
    asked = {"platform": channel, "user_id": PERSON, "fields": fields}
    (thread,) = meta.get(f"{account}/conversations", token=token, **asked).json()["data"]
    messages: list[dict[str, Any]] = thread["messages"]["data"]
    assert [message["message"] for message in messages] == ["Aqui é a Ana.", "Abrimos às 7h.", "Vocês abrem?"]
    assert messages[1]["id"] == mid
    assert set(messages[1]) == {"id", "created_time", "from", "message"}
    own = INSTAGRAM if channel == "instagram" else PAGE
    assert [message["from"]["id"] for message in messages] == [own, own, PERSON]
    assert datetime.fromisoformat(messages[1]["created_time"]) >= began
    (one,) = meta.get(f"{account}/conversations", token=token, **asked | {"fields": "messages.limit(1){id}"}).json()[
        "data"
    ]
    assert len(one["messages"]["data"]) == 1
    assert meta.get(mid, token=token, fields="id,message").json() == {"id": mid, "message": "Abrimos às 7h."}


def test_a_customer_who_said_nothing_has_no_conversation(meta: MetaServer) -> None:
    assert meta.get("me/conversations", token=PAGE_TOKEN, user_id="999").json()["data"] == []


def test_fields_that_do_not_exist_or_cannot_be_read_are_refused(meta: MetaServer) -> None:
    assert meta.get(PHONE, fields="id,shoe_size").json()["error"]["code"] == 100
    assert meta.get(PHONE, fields="id,{").json()["error"]["code"] == 2500
    assert meta.get("me", fields="id").json()["error"]["code"] == 100
    assert meta.get(PHONE, fields="quality_rating").json() == {"quality_rating": "GREEN", "id": PHONE}
