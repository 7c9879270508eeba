"""What we send, as the sandboxes of the Graph API take it: they check each message as the provider's reference says."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from shared.channels.graph import GraphSender
from shared.channels.outbox import Account, Delivery
from shared.channels.payloads import (
    body_parameters,
    buttons_payload,
    list_payload,
    media_payload,
    parts_for,
    reaction_payload,
    template_payload,
    text_payload,
)
from shared.channels.unsettled import matching, newest_messages
from tests.infra.local.meta_server import (
    CUSTOMER,
    INSTAGRAM,
    INSTAGRAM_TOKEN,
    PAGE,
    PAGE_TOKEN,
    PERSON,
    PHONE,
    TOKEN,
    MetaServer,
    running_meta_server,
)
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNTS = {
    "whatsapp": (PHONE, TOKEN, CUSTOMER),
    "instagram": (INSTAGRAM, INSTAGRAM_TOKEN, PERSON),
    "messenger": (PAGE, PAGE_TOKEN, PERSON),
}
LINK = "https://files.padaria.test/bolo.png"
PAYLOADS = {
    "text": text_payload("Olá, ação \U0001f600"),
    "image": media_payload("image", link=LINK),
    "caption": media_payload("image", link=LINK, caption="O bolo"),
    "document": media_payload("document", link="https://files.padaria.test/cardapio.pdf", filename="cardapio.pdf"),
    "buttons": buttons_payload("Entregar?", [("sim", "Sim"), ("nao", "Não")]),
    "list": list_payload(
        "Qual?",
        button="Ver",
        sections=[{"title": "Pães", "rows": [{"id": "1", "title": "Francês", "description": "R$ 1,00"}]}],
    ),
    "template": template_payload("volta", language="pt_BR", components=[body_parameters("Ana")]),
}


@pytest.fixture(scope="module")
def meta(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetaServer]:
    with running_meta_server(tmp_path_factory.mktemp("meta")) as server:
        yield server


@pytest.fixture(autouse=True)
def reset(meta: MetaServer) -> None:
    meta.reset()


@pytest.fixture
def sender(meta: MetaServer) -> Iterator[GraphSender]:
    tokens = {account: token for account, token, _ in ACCOUNTS.values()}
    found = GraphSender(
        base_url=str(meta.client.base_url),
        version="v24.0",
        open_token=lambda _, account: tokens[account.account_identifier],
    )
    yield found
    found.close()


def delivery(channel: str, payload: dict[str, Any]) -> Delivery:
    identifier, _, customer = ACCOUNTS[channel]
    account = Account(
        connection_id=uuid4(),
        provider=channel,
        account_identifier=identifier,
        sealed_token="sealed",  # noqa: S106 - made up
    )
    return Delivery(
        organization_id=uuid4(),
        outbox_id=uuid4(),
        attempt=1,
        part=1,
        recipient=customer,
        payload=payload,
        account=account,
    )


def inbound_id(meta: MetaServer) -> str:
    """The provider's id of the message that the customer wrote, from its webhook."""

    def told() -> list[bytes]:
        bodies = b"".join(received.body for received in meta.receiver.received)
        return re.findall(rb'"(?:mid|id)":\s?"((?:wamid|m_|aWd)[^"]+)"', bodies)

    return eventually(told)[0].decode()


def wrote(meta: MetaServer, channel: str) -> None:
    """The customer writes, which opens the window."""
    meta.happen(channel=channel, text="oi?").raise_for_status()


@pytest.mark.parametrize("channel", ACCOUNTS)
def test_the_provider_takes_each_message(meta: MetaServer, sender: GraphSender, channel: str) -> None:
    """C-19, and the forms of docs/sending.md."""
    wrote(meta, channel)
    payloads = {name: payload for name, payload in PAYLOADS.items() if name != "template" or channel == "whatsapp"}
    parts = [(name, part) for name, payload in payloads.items() for part in parts_for(channel, payload)]
    results = [(name, sender.send(delivery(channel, part), marked_at=time.monotonic())) for name, part in parts]
    assert [(name, result.outcome, result.error_detail) for name, result in results] == [
        (name, "accepted", None) for name, _ in parts
    ]
    assert len({result.message_id for _, result in results} - {None}) == len(parts)


@pytest.mark.parametrize("channel", ACCOUNTS)
def test_the_provider_takes_a_reaction_and_a_read_mark(meta: MetaServer, sender: GraphSender, channel: str) -> None:
    """As they go out: a reaction of the outbox, and the courtesy that is kept nowhere."""
    wrote(meta, channel)
    sent = sender.send(delivery(channel, text_payload("Olá")), marked_at=time.monotonic())
    assert sent.message_id is not None
    reaction = sender.send(delivery(channel, reaction_payload(sent.message_id, "❤️")), marked_at=time.monotonic())
    assert (reaction.outcome, reaction.error_detail) == ("accepted", None)
    message = delivery(channel, {})
    assert sender.show_seen(
        message.account,
        organization_id=message.organization_id,
        recipient=message.recipient,
        message_id=inbound_id(meta),
        typing=True,
    )


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
def test_the_provider_lists_what_was_sent(meta: MetaServer, sender: GraphSender, channel: str) -> None:
    """C-18: the look-up finds our message and no other."""
    wrote(meta, channel)
    began = datetime.now(UTC)
    message, other = (delivery(channel, text_payload(text)) for text in ("Sim, abrimos às 8h.", "Até logo."))
    sent = sender.send(message, marked_at=time.monotonic())
    listed = newest_messages(sender, message)
    assert listed is not None
    assert matching(listed, delivery=message, sending_at=began) == [sent.message_id]
    assert matching(listed, delivery=other, sending_at=began) == []
