"""C-18: one request per attempt, and an honest word on what became of it, against a server that misbehaves."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from shared.channels.graph import GraphSender
from shared.channels.graph_answers import classify
from shared.channels.outbox import Account, Delivery, SendResult
from shared.channels.payloads import reaction_payload, text_payload
from shared.kit.errors import Unavailable
from tests.channels.graph_server import ACCEPTED, Provider, answer, refusal, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

TOKEN = "EAAGsecretsecretsecret"  # noqa: S105 - made up


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    with serving(found):
        yield found


def delivery(**changes: Any) -> Delivery:
    account = Account(connection_id=uuid4(), provider="whatsapp", account_identifier="1055", sealed_token="sealed")  # noqa: S106 - made up
    found = Delivery(
        organization_id=uuid4(),
        outbox_id=uuid4(),
        attempt=1,
        part=1,
        recipient="5511987654321",
        payload=text_payload("Olá, ação \U0001f600"),
        account=account,
    )
    return replace(found, **changes)


def send(
    url: str, message: Delivery | None = None, *, marked_ago: float = 0.0, total_seconds: float = 5.0
) -> SendResult:
    sender = GraphSender(base_url=url, version="v24.0", open_token=lambda *_: TOKEN, total_seconds=total_seconds)
    try:
        return sender.send(message or delivery(), marked_at=time.monotonic() - marked_ago)
    finally:
        sender.close()


def test_an_accepted_message_carries_our_id_and_the_token_travels_in_the_header_alone(provider: Provider) -> None:
    message = delivery()
    result = send(provider.url, message)
    assert (result.outcome, result.message_id, result.http_status) == ("accepted", "wamid.1", 200)
    [(path, headers, body)] = provider.received
    assert path == "/v24.0/1055/messages"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "5511987654321",
        "type": "text",
        "text": {"body": "Olá, ação \U0001f600", "preview_url": False},
        "biz_opaque_callback_data": str(message.outbox_id),
    }


def test_a_user_id_goes_in_recipient_because_in_to_it_would_be_dropped(provider: Provider) -> None:
    send(provider.url, delivery(recipient="BR.13491208655302741918"))
    body = provider.received[0][2]
    assert body["recipient"] == "BR.13491208655302741918"
    assert "to" not in body


@pytest.mark.parametrize(
    ("status", "body", "outcome", "consequence"),
    [
        (400, refusal(131056), "retry", None),
        (429, refusal(130429), "retry", None),
        (401, refusal(190), "retry", "connection_expired"),
        (403, refusal(131031), "retry", "connection_error"),
        (400, refusal(131047), "refused", "window"),
        (400, refusal(131050), "refused", "opt_out"),
        (400, refusal(131026), "refused", None),
        (400, refusal(100), "refused", None),
        (400, refusal(987654), "refused", None),
        (429, b"slow down", "retry", None),
        (500, refusal(131000), "uncertain", None),
        (503, b"", "uncertain", None),
        (404, b"<html>", "uncertain", None),
        (302, b"", "uncertain", None),
        (200, b"{}", "uncertain", None),
        (200, b"not json", "uncertain", None),
        (200, b'{"messages": [{"id": 5}]}', "uncertain", None),
        (200, b"[" * 100_000, "uncertain", None),
        (400, {"error": {"code": "190"}}, "uncertain", None),
        (400, {"error": {"code": True}}, "uncertain", None),
    ],
)
def test_only_an_explicit_refusal_is_not_sent_and_only_an_id_is_sent(
    status: int, body: dict[str, Any] | bytes, outcome: str, consequence: str | None
) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    result = classify(status, raw, attempt=1)
    assert (result.outcome, result.consequence, result.http_status) == (outcome, consequence, status)


def test_nobody_listening_is_certainly_not_sent() -> None:
    result = send("http://127.0.0.1:1")
    assert (result.outcome, result.error_code) == ("retry", "ConnectError")


def test_a_failed_tls_handshake_is_certainly_not_sent(provider: Provider) -> None:
    result = send(provider.url.replace("http:", "https:"))
    assert result.outcome == "retry"
    assert provider.received == []


def test_an_answer_that_does_not_come_is_uncertain(provider: Provider) -> None:
    release = threading.Event()

    def late(handler: BaseHTTPRequestHandler) -> None:
        release.wait(5)
        with contextlib.suppress(OSError):  # nobody listens any more
            answer(handler, 200, ACCEPTED)

    provider.behave = late
    result = send(provider.url, total_seconds=0.2)
    release.set()
    assert (result.outcome, result.error_code) == ("uncertain", "ReadTimeout")
    assert len(provider.received) == 1, "an uncertain send is never repeated by the client"


def test_an_answer_that_drips_is_cut_off_after_the_total_time(provider: Provider) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(40):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)  # the provider's own slowness is what is tested

    provider.behave = drip
    started = time.monotonic()
    assert send(provider.url, total_seconds=0.3).outcome == "uncertain"
    assert time.monotonic() - started < 1.5


def test_a_connection_that_is_cut_after_the_request_is_uncertain(provider: Provider) -> None:
    provider.behave = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    assert send(provider.url).outcome == "uncertain"


def test_a_worker_that_was_paused_before_the_first_byte_sends_nothing(provider: Provider) -> None:
    result = send(provider.url, marked_ago=6.0)
    assert (result.outcome, result.error_code) == ("retry", "paused_before_send")
    assert provider.received == []


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ação"])
def test_a_connection_without_a_usable_token_needs_a_person(provider: Provider, token: str) -> None:
    sender = GraphSender(base_url=provider.url, version="v24.0", open_token=lambda *_: token)
    result = sender.send(delivery(), marked_at=time.monotonic())
    sender.close()
    assert (result.outcome, result.consequence) == ("retry", "connection_error")
    assert provider.received == []


def test_a_token_in_the_providers_words_is_not_kept(provider: Provider) -> None:
    other = "EAAQotherothertoken"
    provider.behave = lambda handler: answer(handler, 401, refusal(190, f"Malformed access token {TOKEN} or {other}"))
    result = send(provider.url)
    assert result.error_detail == "Malformed access token [token] or [token]"
    assert TOKEN not in repr(result)


def test_the_providers_words_are_made_safe_to_store() -> None:
    raw = b'{"error": {"code": 100, "message": "bad \\u0000 \\ud800 value", "error_data": {"details": ""}}}'
    detail = classify(400, raw, attempt=1).error_detail
    assert detail is not None
    assert "\x00" not in detail
    detail.encode()


def test_a_key_service_that_is_away_is_told_before_anything_leaves(provider: Provider) -> None:
    def away(*_: object) -> str:
        raise Unavailable("the key service does not answer")

    sender = GraphSender(base_url=provider.url, version="v24.0", open_token=away)
    with pytest.raises(Unavailable):
        sender.send(delivery(), marked_at=time.monotonic())
    sender.close()
    assert provider.received == []


SENT: dict[str, Any] = {"recipient_id": "9001", "message_id": "mid.1"}


def page_delivery(provider_name: str, *, login: str | None = None, **changes: Any) -> Delivery:
    account = Account(
        connection_id=uuid4(),
        provider=provider_name,
        account_identifier="17841",
        sealed_token="sealed",  # noqa: S106 - made up
        login=login,
    )
    return delivery(account=account, recipient="9001", **changes)


@pytest.mark.parametrize(
    ("provider_name", "login", "path"),
    [
        ("messenger", None, "/v24.0/me/messages"),
        ("instagram", None, "/instagram/v24.0/17841/messages"),
        ("instagram", "instagram", "/instagram/v24.0/17841/messages"),
        ("instagram", "facebook", "/v24.0/me/messages"),
    ],
)
def test_instagram_and_messenger_take_a_message_with_our_id_in_its_metadata(
    provider: Provider, provider_name: str, login: str | None, path: str
) -> None:
    provider.behave = lambda handler: answer(handler, 200, SENT)
    message = page_delivery(provider_name, login=login)
    sender = GraphSender(
        base_url=provider.url,
        instagram_base_url=f"{provider.url}/instagram",
        version="v24.0",
        open_token=lambda *_: TOKEN,
    )
    result = sender.send(message, marked_at=time.monotonic())
    sender.close()
    assert (result.outcome, result.message_id) == ("accepted", "mid.1")
    [(received, headers, body)] = provider.received
    assert received == path
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body == {
        "recipient": {"id": "9001"},
        "messaging_type": "RESPONSE",
        "message": {"text": "Olá, ação \U0001f600", "metadata": str(message.outbox_id)},
    }


@pytest.mark.parametrize(
    ("status", "body", "outcome", "consequence"),
    [
        (400, refusal(10, error_subcode=2534022), "refused", "window"),
        (400, refusal(10, error_subcode=2018278), "refused", "window"),
        (403, refusal(10), "retry", "connection_expired"),
        (400, refusal(551, error_subcode=1545041), "refused", None),
        (400, refusal(100, error_subcode=2018001), "refused", None),
        (400, refusal(613), "retry", None),
        (500, refusal(2), "uncertain", None),
        (200, {"recipient_id": "9001"}, "uncertain", None),
    ],
)
def test_the_answers_of_instagram_and_messenger_are_as_honest(
    status: int, body: dict[str, Any], outcome: str, consequence: str | None
) -> None:
    """C-18, L5."""
    result = classify(status, json.dumps(body).encode(), attempt=1)
    assert (result.outcome, result.consequence) == (outcome, consequence)


def test_a_reaction_on_messenger_is_accepted_without_an_id(provider: Provider) -> None:
    provider.behave = lambda handler: answer(handler, 200, {"recipient_id": "9001"})
    result = send(provider.url, page_delivery("messenger", payload=reaction_payload("mid.0", "\U0001f44d")))
    assert (result.outcome, result.message_id) == ("accepted", None)
    assert provider.received[0][2] == {
        "recipient": {"id": "9001"},
        "sender_action": "react",
        "payload": {"message_id": "mid.0", "reaction": "\U0001f44d"},
    }


def test_media_that_the_provider_could_not_fetch_is_tried_once_more() -> None:
    raw = json.dumps(refusal(131053)).encode()
    assert [classify(400, raw, attempt=attempt).outcome for attempt in (1, 2)] == ["retry", "refused"]


@pytest.mark.parametrize(
    ("name", "bodies"),
    [
        (
            "whatsapp",
            [
                {
                    "messaging_product": "whatsapp",
                    "status": "read",
                    "message_id": "wamid.0",
                    "typing_indicator": {"type": "text"},
                }
            ],
        ),
        (
            "messenger",
            [
                {"recipient": {"id": "9001"}, "sender_action": "mark_seen"},
                {"recipient": {"id": "9001"}, "sender_action": "typing_on"},
            ],
        ),
    ],
)
def test_a_customer_sees_that_the_message_was_read_and_an_answer_is_written(
    provider: Provider, name: str, bodies: list[dict[str, Any]]
) -> None:
    sender = GraphSender(base_url=provider.url, version="v24.0", open_token=lambda *_: TOKEN)
    message = page_delivery(name)
    assert sender.show_seen(
        message.account,
        organization_id=message.organization_id,
        recipient="9001",
        message_id="wamid.0",
        typing=True,
    )
    sender.close()
    assert [body for _, _, body in provider.received] == bodies


def test_a_read_mark_that_fails_is_only_not_shown(provider: Provider) -> None:
    """It is a courtesy: no answer of the provider, and none at all, may disturb the reply."""
    provider.behave = lambda handler: answer(handler, 500, b"")
    for url in (provider.url, "http://127.0.0.1:1"):
        sender = GraphSender(base_url=url, version="v24.0", open_token=lambda *_: TOKEN)
        account = delivery().account
        assert not sender.show_seen(account, organization_id=uuid4(), recipient="5511", message_id="wamid.0")
        sender.close()
