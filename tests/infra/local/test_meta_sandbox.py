"""The Meta sandbox as the provider: what it takes, what it refuses, and the statuses that come back."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.local.meta_server import APP_SECRET, CUSTOMER, PHONE, TOKEN, MetaServer
from tests.infra.local.worker import Answer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    import httpx

OTHER_TOKEN = TOKEN[::-1]


def test_an_accepted_message_is_answered_as_by_the_graph_api_and_recorded(meta: MetaServer) -> None:
    answer = meta.send("Olá! 🥖", biz_opaque_callback_data="key-1")
    assert answer.status_code == 200
    body = answer.json()
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": CUSTOMER, "wa_id": CUSTOMER}]
    wamid = body["messages"][0]["id"]
    assert wamid.startswith("wamid.")
    (call,) = meta.calls()
    assert call["wamid"] == wamid
    assert (call["to"], call["body"], call["phone_number_id"]) == (CUSTOMER, "Olá! 🥖", PHONE)
    assert call["biz_opaque_callback_data"] == "key-1"
    assert call["time"]
    assert TOKEN not in meta.client.get("/calls").text


def test_statuses_come_back_signed_in_the_providers_shape(meta: MetaServer) -> None:
    wamid = meta.send(biz_opaque_callback_data="key-2").json()["messages"][0]["id"]
    eventually(lambda: len(meta.statuses()) == 3)
    for received in meta.receiver.received:
        mac = hmac.new(APP_SECRET.encode(), received.body, hashlib.sha256).hexdigest()
        assert received.headers["X-Hub-Signature-256"] == f"sha256={mac}"
    statuses = meta.statuses()
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    for status in statuses:
        assert status["id"] == wamid
        assert status["recipient_id"] == CUSTOMER
        assert status["timestamp"].isdigit()
        assert status["biz_opaque_callback_data"] == "key-2"
    assert statuses[0]["pricing"]["category"] == "service"
    assert statuses[0]["conversation"]["origin"] == {"type": "service"}
    body = json.loads(meta.receiver.received[0].body)
    assert body["object"] == "whatsapp_business_account"
    assert body["entry"][0]["changes"][0]["field"] == "messages"
    assert body["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] == PHONE


def test_statuses_of_messages_sent_together_travel_together(meta: MetaServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: meta.send(), range(16)))
    eventually(lambda: len(meta.statuses()) == 48)
    assert len(meta.receiver.received) < 48
    assert len({(status["id"], status["status"]) for status in meta.statuses()}) == 48


def test_a_status_is_sent_again_until_it_is_taken(meta: MetaServer) -> None:
    meta.receiver.answer = lambda _: Answer(status=503 if len(meta.receiver.received) == 1 else 200)
    meta.send()
    eventually(lambda: {status["status"] for status in meta.statuses()} == {"sent", "delivered", "read"})
    refused = meta.receiver.received[0].body
    eventually(lambda: refused in [received.body for received in meta.receiver.received[1:]])


def _error(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    assert error["type"] == "OAuthException"
    assert error["fbtrace_id"]
    return error


@pytest.mark.parametrize("token", [None, "short", "EAAanother-token", TOKEN + "x"])
def test_a_wrong_token_is_refused_with_190(meta: MetaServer, token: str | None) -> None:
    answer = meta.send(token=token)
    assert answer.status_code == 401
    assert _error(answer)["code"] == 190
    assert meta.calls() == []


def test_an_expired_token_is_refused_with_its_subcode(meta: MetaServer) -> None:
    meta.client.put("/phone_numbers/200", json={"access_token": OTHER_TOKEN, "expired": True})
    answer = meta.send(phone="200", token=OTHER_TOKEN)
    assert answer.status_code == 401
    assert (_error(answer)["code"], _error(answer)["error_subcode"]) == (190, 463)


def test_a_number_that_nobody_registered_belongs_to_its_first_token(meta: MetaServer) -> None:
    assert meta.send(phone="300", token=TOKEN).status_code == 200
    assert meta.send(phone="300", token=OTHER_TOKEN).status_code == 401
    assert meta.send(phone="300", token=TOKEN).status_code == 200


def test_what_is_no_phone_number_id_does_not_exist(meta: MetaServer) -> None:
    answer = meta.send(phone="me")
    assert answer.status_code == 400
    assert (_error(answer)["code"], _error(answer)["error_subcode"]) == (100, 33)


def _buttons(replies: list[dict[str, str]], *, body: str = "?") -> dict[str, Any]:
    action = {"buttons": [{"type": "reply", "reply": reply} for reply in replies]}
    return {"type": "interactive", "interactive": {"type": "button", "body": {"text": body}, "action": action}}


def _list(rows: list[dict[str, str]], *, button: str = "Ver") -> dict[str, Any]:
    action = {"button": button, "sections": [{"rows": rows}]}
    return {"type": "interactive", "interactive": {"type": "list", "body": {"text": "?"}, "action": action}}


def _template(components: list[dict[str, Any]]) -> dict[str, Any]:
    template = {"name": "retorno", "language": {"code": "pt_BR"}, "components": components}
    return {"type": "template", "template": template}


NAME = {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}
REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "no messaging_product": ({"messaging_product": None}, 100),
    "another product": ({"messaging_product": "telegram"}, 100),
    "nobody to send to": ({"to": None}, 100),
    "no phone number": ({"to": "Maria"}, 131009),
    "an unknown type": ({"type": "telepathy"}, 100),
    "a type without its content": ({"text": None}, 100),
    "an empty text": ({"text": {"body": ""}}, 100),
    "a text that is a number": ({"text": {"body": 7}}, 100),
    "a text of 4097 characters": ({"text": {"body": "x" * 4097}}, 100),
    "opaque data of 513 characters": ({"biz_opaque_callback_data": "x" * 513}, 100),
    "a context without a message": ({"context": {}}, 100),
    "media by id and link": ({"type": "image", "image": {"id": "1", "link": "https://x.test"}}, 131009),
    "a template without a language": ({"type": "template", "template": {"name": "x"}}, 100),
    "four buttons": (
        {
            "type": "interactive",
            "interactive": {
                "type": "button",
                "body": {"text": "?"},
                "action": {"buttons": [{"reply": {"id": str(n), "title": "x"}} for n in range(4)]},
            },
        },
        131009,
    ),
    "two buttons with one id": (_buttons([{"id": "1", "title": "Sim"}, {"id": "1", "title": "Não"}]), 131009),
    "a button title of 21 characters": (_buttons([{"id": "1", "title": "x" * 21}]), 100),
    "a body of 1025 characters": (_buttons([{"id": "1", "title": "Sim"}], body="x" * 1025), 100),
    "a list of eleven rows": (_list([{"id": str(n), "title": "x"} for n in range(11)]), 131009),
    "a row title of 25 characters": (_list([{"id": "1", "title": "x" * 25}]), 100),
    "a list without a button": (_list([{"id": "1", "title": "x"}], button=""), 100),
    "an audio with a caption": ({"type": "audio", "audio": {"id": "1", "caption": "x"}}, 100),
    "a link that is none": ({"type": "image", "image": {"link": "file:///etc/passwd"}}, 131009),
    "a template with an unknown component": (_template([{"type": "tail"}]), 100),
    "a template's button without its place": (_template([{"type": "button", "parameters": []}]), 100),
    "a read receipt of nothing": ({"status": "read"}, 100),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_payload_of_the_wrong_shape_is_refused_and_not_recorded(meta: MetaServer, wrong: str) -> None:
    fields, code = REFUSED[wrong]
    answer = meta.send(**fields)
    assert answer.status_code == 400
    assert _error(answer)["code"] == code
    assert meta.calls() == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b"[]", b"null", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(meta: MetaServer, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = meta.client.post(f"/v24.0/{PHONE}/messages", content=raw, headers=headers)
    assert answer.status_code == 400
    assert _error(answer)["code"] == 100


ACCEPTED: dict[str, dict[str, Any]] = {
    "a text of 4096 characters": {"text": {"body": "x" * 4096, "preview_url": False}},
    "a number with its signs": {"to": "+55 (11) 98765-4321"},
    "an answer to a message": {"context": {"message_id": "wamid.x"}},
    "opaque data of 512 characters": {"biz_opaque_callback_data": "x" * 512},
    "a template": {"type": "template", "template": {"name": "hi", "language": {"code": "pt_BR"}}},
    "three buttons": _buttons([{"id": str(n), "title": "x" * 20} for n in range(3)]),
    "a list of ten rows": _list([{"id": str(n), "title": "x", "description": "y" * 72} for n in range(10)]),
    "a template with a parameter": _template([NAME]),
    "a document by link": {"type": "document", "document": {"link": "https://x.test/a.pdf", "filename": "a.pdf"}},
    "an image by id": {"type": "image", "image": {"id": "1", "caption": "Bolo"}},
    "a location": {"type": "location", "location": {"latitude": -23.5, "longitude": -46.6}},
    "a reaction": {"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "🥖"}},
    "a user id": {"to": None, "recipient": "BR.13491208655302741918"},
}


@pytest.mark.parametrize("right", ACCEPTED)
def test_a_payload_of_the_right_shape_is_accepted(meta: MetaServer, right: str) -> None:
    """The negative control of the refusals."""
    assert meta.send(**ACCEPTED[right]).status_code == 200
    assert len(meta.calls()) == 1


def test_a_template_has_to_exist_and_to_get_its_parameters(meta: MetaServer) -> None:
    meta.client.put("/phone_numbers/401", json={"access_token": OTHER_TOKEN, "templates": {"retorno": 1}})

    def code(components: list[dict[str, Any]], name: str = "retorno") -> int:
        payload = _template(components)
        payload["template"]["name"] = name
        answer = meta.send(phone="401", token=OTHER_TOKEN, **payload)
        return 200 if answer.status_code == 200 else int(_error(answer)["code"])

    assert code([NAME]) == 200
    assert code([]) == 132000
    assert code([NAME], "outro") == 132001


def test_a_user_id_in_the_wrong_field_is_accepted_and_never_delivered(meta: MetaServer) -> None:
    assert meta.send(to="BR.13491208655302741918").status_code == 200
    meta.send("a control, whose statuses come")
    eventually(lambda: len(meta.statuses()) == 3)
    assert {status["recipient_id"] for status in meta.statuses()} == {CUSTOMER}


def test_a_test_number_reaches_its_list_only(meta: MetaServer) -> None:
    meta.client.put("/phone_numbers/400", json={"access_token": OTHER_TOKEN, "allowed_recipients": [CUSTOMER]})
    assert meta.send(phone="400", token=OTHER_TOKEN).status_code == 200
    refused = meta.send(phone="400", token=OTHER_TOKEN, to="5511900000000")
    assert _error(refused)["code"] == 131030


def test_read_receipts_are_listed_apart(meta: MetaServer) -> None:
    payload = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.abc",
        "typing_indicator": {"type": "text"},
    }
    assert meta.post(payload).json() == {"success": True}
    assert meta.calls() == []
    (read,) = meta.client.get("/reads").json()
    assert (read["message_id"], read["typing"]) == ("wamid.abc", True)


def test_the_record_and_the_statuses_that_are_owed_survive_a_restart(meta: MetaServer) -> None:
    meta.set_faults(status_delay_ms=60_000)
    wamid = meta.send(biz_opaque_callback_data="key-3").json()["messages"][0]["id"]
    meta.restart()
    assert [call["wamid"] for call in meta.calls()] == [wamid]
    eventually(lambda: {status["status"] for status in meta.statuses()} == {"sent", "delivered", "read"})
    meta.restart()
    assert [call["wamid"] for call in meta.calls()] == [wamid]
    assert len(meta.statuses()) == 3


def test_a_record_whose_last_line_was_cut_off_is_read_up_to_there(meta: MetaServer) -> None:
    meta.send("whole")
    eventually(lambda: len(meta.statuses()) == 3)
    file = meta.sandbox.record.file
    file.write_bytes(file.read_bytes() + b'{"kind":"call","time":"20')
    meta.restart()
    assert [call["body"] for call in meta.calls()] == ["whole"]


def test_a_customers_message_reaches_the_webhook_as_often_as_asked(meta: MetaServer) -> None:
    answer = meta.client.post(
        "/inbound", json={"from": CUSTOMER, "text": "Vocês abrem hoje? 🙂", "name": "João", "repeat": 5}
    )
    assert answer.json()["answers"] == [200] * 5
    (wamid,) = answer.json()["wamids"]
    assert len({received.body for received in meta.receiver.received}) == 1
    value = meta.webhooks()[0]
    (message,) = value["messages"]
    assert message["id"] == wamid
    assert message["from"] == value["contacts"][0]["wa_id"] == CUSTOMER
    assert value["contacts"][0]["profile"]["name"] == "João"
    assert (message["type"], message["text"]["body"]) == ("text", "Vocês abrem hoje? 🙂")
    assert b"\\u" in meta.receiver.received[0].body


def test_a_customers_message_that_nobody_takes_is_sent_again(meta: MetaServer) -> None:
    meta.receiver.answer = lambda _: Answer(status=500 if len(meta.receiver.received) == 1 else 200)
    assert meta.client.post("/inbound", json={"from": CUSTOMER, "text": "oi"}).json()["answers"] == [500]
    eventually(lambda: len(meta.receiver.received) == 2)


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"text": "oi"}, "from must be"),
        ({"from": "Maria", "text": "oi"}, "from must be"),
        ({"from": CUSTOMER}, "text must be"),
        ({"from": CUSTOMER, "text": "oi", "repeat": 0}, "repeat must be"),
        ({"from": CUSTOMER, "text": "oi", "phone_number_id": "999"}, "999"),
    ],
)
def test_an_impossible_customer_is_refused_with_what_would_be_right(
    meta: MetaServer, wanted: dict[str, Any], complaint: str
) -> None:
    answer = meta.client.post("/inbound", json=wanted)
    assert answer.status_code in {400, 404}
    assert complaint in answer.json()["error"]
