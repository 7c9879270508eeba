"""What each channel gets for one neutral message."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.channels.graph_requests import request_body
from shared.channels.outbox import Account, Delivery
from shared.channels.payloads import (
    body_parameters,
    buttons_payload,
    list_payload,
    media_payload,
    reaction_payload,
    template_payload,
    text_payload,
)

OUTBOX_ID = UUID("0198d7a0-0000-7000-8000-000000000001")
LINK = "https://files.padaria.test/bolo.png"


def body(provider: str, payload: dict[str, Any], *, late: bool = False) -> dict[str, Any]:
    account = Account(connection_id=uuid4(), provider=provider, account_identifier="1055", sealed_token=None)
    return request_body(
        Delivery(
            organization_id=uuid4(),
            outbox_id=OUTBOX_ID,
            attempt=1,
            part=1,
            recipient="5511987654321",
            payload=payload,
            account=account,
            late=late,
        )
    )


def whatsapp(**content: Any) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "5511987654321",
        "biz_opaque_callback_data": str(OUTBOX_ID),
        **content,
    }


@pytest.mark.parametrize(
    ("payload", "content"),
    [
        (
            media_payload("document", link=LINK, caption="Bolos", filename="bolos.pdf"),
            {"type": "document", "document": {"link": LINK, "caption": "Bolos", "filename": "bolos.pdf"}},
        ),
        (media_payload("audio", media_id="77"), {"type": "audio", "audio": {"id": "77"}}),
        (
            buttons_payload("Entregar?", [("sim", "Sim")]),
            {
                "type": "interactive",
                "interactive": {
                    "type": "button",
                    "body": {"text": "Entregar?"},
                    "action": {"buttons": [{"type": "reply", "reply": {"id": "sim", "title": "Sim"}}]},
                },
            },
        ),
        (
            list_payload(
                "Qual?", button="Ver", sections=[{"title": "Pães", "rows": [{"id": "1", "title": "Francês"}]}]
            ),
            {
                "type": "interactive",
                "interactive": {
                    "type": "list",
                    "body": {"text": "Qual?"},
                    "action": {
                        "button": "Ver",
                        "sections": [{"title": "Pães", "rows": [{"id": "1", "title": "Francês"}]}],
                    },
                },
            },
        ),
        (
            template_payload("volta", language="pt_BR", components=[body_parameters("Ana")]),
            {
                "type": "template",
                "template": {
                    "name": "volta",
                    "language": {"code": "pt_BR"},
                    "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}],
                },
            },
        ),
        (
            reaction_payload("wamid.0", None),
            {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": ""}},
        ),
        (
            {**text_payload("Sim!"), "reply_to": "wamid.0"},
            {
                "type": "text",
                "text": {"body": "Sim!", "preview_url": False},
                "context": {"message_id": "wamid.0"},
            },
        ),
    ],
)
def test_whatsapp_gets_its_own_form_of_each_message(payload: dict[str, Any], content: dict[str, Any]) -> None:
    assert body("whatsapp", payload) == whatsapp(**content)


@pytest.mark.parametrize("provider", ["instagram", "messenger"])
@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (media_payload("sticker", link=LINK), {"attachment": {"type": "image", "payload": {"url": LINK}}}),
        (
            media_payload("document", media_id="77"),
            {"attachment": {"type": "file", "payload": {"attachment_id": "77"}}},
        ),
        (
            buttons_payload("Entregar?", [("sim", "Sim"), ("nao", "Não")]),
            {
                "text": "Entregar?",
                "quick_replies": [
                    {"content_type": "text", "title": "Sim", "payload": "sim"},
                    {"content_type": "text", "title": "Não", "payload": "nao"},
                ],
            },
        ),
        (
            buttons_payload("Quando?", [("hoje", "Hoje"), ("depois", "Depois de amanhã, bem cedo")]),
            {"text": "Quando?\n1. Hoje\n2. Depois de amanhã, bem cedo"},
        ),
        (
            list_payload(
                "Qual?",
                button="Ver",
                sections=[{"rows": [{"id": "1", "title": "Francês", "description": "R$ 1,00"}]}],
            ),
            {"text": "Qual?\n1. Francês — R$ 1,00"},
        ),
    ],
)
def test_what_instagram_and_messenger_lack_becomes_quick_replies_or_numbers(
    provider: str, payload: dict[str, Any], message: dict[str, Any]
) -> None:
    assert body(provider, payload) == {
        "recipient": {"id": "5511987654321"},
        "messaging_type": "RESPONSE",
        "message": {**message, "metadata": str(OUTBOX_ID)},
    }


def test_what_a_person_writes_outside_the_window_says_so() -> None:
    """C-17: HUMAN_AGENT is for people alone."""
    found = body("instagram", text_payload("Chegou!"), late=True)
    assert (found["messaging_type"], found["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_a_heart_has_a_name_on_instagram() -> None:
    assert body("instagram", reaction_payload("mid.0", "❤️"))["payload"]["reaction"] == "love"
    assert body("messenger", reaction_payload("mid.0", "❤️"))["payload"]["reaction"] == "❤️"
    assert body("instagram", reaction_payload("mid.0", None)) == {
        "recipient": {"id": "5511987654321"},
        "sender_action": "unreact",
        "payload": {"message_id": "mid.0"},
    }


def test_an_answer_to_a_message_names_it() -> None:
    assert body("messenger", {**text_payload("Sim!"), "reply_to": "mid.0"})["reply_to"] == {"mid": "mid.0"}
