"""C-19: a message is checked against what its channel takes before anything is stored, and long text is divided."""

from __future__ import annotations

from typing import Any

import pytest

from shared.channels.payloads import (
    body_parameters,
    buttons_payload,
    list_payload,
    media_payload,
    parts_for,
    reaction_payload,
    readable_text,
    template_payload,
    text_payload,
)
from shared.kit.errors import Rejected

CHANNELS = ["whatsapp", "instagram", "messenger"]
LINK = "https://files.padaria.test/cardapio.pdf"
ROWS = [{"id": str(number), "title": f"Opção {number}"} for number in range(1, 5)]
LIST = list_payload("Escolha:", button="Ver", sections=[{"title": "Pães", "rows": ROWS}])


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "payload",
    [
        text_payload("Olá"),
        media_payload("image", link=LINK),
        media_payload("document", media_id="77", filename="cardapio.pdf"),
        buttons_payload("Entregar?", [("sim", "Sim"), ("nao", "Não")]),
        LIST,
        reaction_payload("wamid.1", "👍"),
        reaction_payload("wamid.1", None),
    ],
    ids=lambda payload: payload["type"],
)
def test_every_channel_takes(channel: str, payload: dict[str, Any]) -> None:
    assert parts_for(channel, payload) == [payload]


@pytest.mark.parametrize(
    ("channel", "payload", "message"),
    [
        ("whatsapp", {"type": "poll"}, "type 'poll'"),
        ("whatsapp", {}, "type None"),
        ("stripe", text_payload("Olá"), "over stripe"),
        ("whatsapp", text_payload("  "), "needs text"),
        ("whatsapp", {"type": "text", "text": "Olá"}, "needs text"),
        ("whatsapp", text_payload("palavra " * 20_000), "at most 20 are sent"),
        ("whatsapp", media_payload("image"), "either a link or"),
        ("whatsapp", media_payload("image", link=LINK, media_id="77"), "either a link or"),
        ("whatsapp", media_payload("image", link="http://plain.test/a.png"), "https only"),
        ("whatsapp", media_payload("audio", link=LINK, caption="oi"), "has no caption"),
        ("whatsapp", media_payload("image", link=LINK, caption="c" * 1025), "1025 characters; at most 1024"),
        ("whatsapp", {"type": "media", "kind": "gif", "link": LINK}, "kind 'gif'"),
        ("whatsapp", buttons_payload("Qual?", [(str(n), str(n)) for n in range(4)]), "4 buttons; 1 to 3"),
        ("whatsapp", buttons_payload("Qual?", [("a", "um título com mais de vinte")]), "at most 20"),
        ("whatsapp", buttons_payload("", [("a", "Sim")]), "the body needs text"),
        ("whatsapp", buttons_payload("Qual?", [("a", "Sim"), ("a", "Não")]), "one id"),
        ("messenger", buttons_payload("Qual?", [(str(n), str(n)) for n in range(14)]), "14 buttons; 1 to 13"),
        ("whatsapp", list_payload("Qual?", button="Ver", sections=[]), "0 sections; 1 to 10"),
        ("whatsapp", list_payload("Qual?", button="", sections=LIST["sections"]), "button needs text"),
        ("whatsapp", list_payload("Qual?", button="Ver", sections=LIST["sections"] * 3), "12 choices; 1 to 10"),
        ("instagram", buttons_payload("ç" * 501, [("a", "Sim")]), "longer than instagram takes"),
        ("instagram", template_payload("volta", language="pt_BR"), "no templates"),
        ("whatsapp", template_payload("", language="pt_BR"), "name needs text"),
        ("whatsapp", reaction_payload("", "👍"), "id needs text"),
    ],
)
def test_what_a_channel_does_not_take_is_refused_with_the_reason(
    channel: str, payload: dict[str, Any], message: str
) -> None:
    with pytest.raises(Rejected, match=message) as refused:
        parts_for(channel, payload)
    assert refused.value.code == "bad_message"


@pytest.mark.parametrize(("channel", "parts"), [("whatsapp", 1), ("instagram", 3), ("messenger", 2)], ids=CHANNELS)
def test_long_text_is_divided_by_the_measure_of_its_channel(channel: str, parts: int) -> None:
    """C-19: Instagram counts UTF-8 bytes, where an accent counts double."""
    text = "Pão de açúcar não é pão. " * 75  # 1,875 characters, 2,250 bytes
    found = parts_for(channel, {**text_payload(text), "reply_to": "wamid.1"})
    assert len(found) == parts
    assert " ".join(part["text"]["body"] for part in found) == text.strip()
    assert ["reply_to" in part for part in found] == [position == 0 for position in range(parts)]


def test_a_caption_is_a_message_of_its_own_where_files_stand_alone() -> None:
    payload = media_payload("image", link=LINK, caption="O cardápio de hoje")
    assert parts_for("whatsapp", payload) == [payload]
    assert parts_for("instagram", payload) == [media_payload("image", link=LINK), text_payload("O cardápio de hoje")]


def test_the_record_says_what_the_customer_reads() -> None:
    assert readable_text(LIST) == "Escolha:\n1. Opção 1\n2. Opção 2\n3. Opção 3\n4. Opção 4"
    assert readable_text(media_payload("image", link=LINK)) is None
    assert readable_text(reaction_payload("wamid.1", "👍")) == "👍"
    assert readable_text({**template_payload("volta", language="pt_BR"), "text": "Podemos falar?"}) == "Podemos falar?"


def test_a_template_carries_its_parameters() -> None:
    payload = template_payload("volta", language="pt_BR", components=[body_parameters("Ana", "amanhã")])
    assert parts_for("whatsapp", payload)[0]["components"] == [
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "amanhã"}]}
    ]
