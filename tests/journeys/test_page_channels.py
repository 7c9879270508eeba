"""A customer on Instagram and on Messenger: from the webhook to the reply and its echo, through one whole stack."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from shared.channels.payloads import text_payload
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.stack import Stack

SECONDS = 45
_MESSAGES = """
SELECT m.direction, m.sender_type, m.external_message_id IS NOT NULL, c.automation_state
FROM platform.messages m JOIN platform.conversations c ON c.id = m.conversation_id
WHERE c.customer_external_id = %s ORDER BY m.created_at
"""


def write(stack: Stack, channel: str, person: str) -> None:
    wanted = {"channel": channel, "from": person, "text": "Vocês consertam máquina de lavar roupa?"}
    stack.client.post(f"{stack.ready['sandboxes']['meta']}/inbound", json=wanted).raise_for_status()


@pytest.mark.parametrize(("channel", "account"), [("instagram", "instagram_id"), ("messenger", "page_id")])
def test_a_reply_carries_our_id_and_its_echo_makes_no_second_message(stack: Stack, channel: str, account: str) -> None:
    """C-13, C-15, X-01: the echo of our own reply is recognised, so the agent stays where it is."""
    person = f"61{secrets.randbelow(10**14):014d}"
    write(stack, channel, person)
    (call,) = eventually(lambda: stack.calls(to=person), within=SECONDS)
    assert (call["channel"], call["phone_number_id"]) == (channel, stack.ready["demo"][account])
    assert call["payload"]["message"]["metadata"] == call["biz_opaque_callback_data"]

    def recorded() -> list[Any]:
        rows = stack.ask(_MESSAGES, person)
        return rows if len(rows) == 2 and rows[1][2] else []

    rows = eventually(recorded, within=SECONDS)
    assert [tuple(row[:2]) for row in rows] == [("inbound", "customer"), ("outbound", "ai")]


def test_what_a_person_writes_reaches_the_customer_without_any_wake_up(stack: Stack) -> None:
    """H-02, O-05: the sweep finds it and message_delivery sends it."""
    customer = stack.customer()
    customer.write("Oi!")
    eventually(customer.replies, within=SECONDS)
    ((organization_id, conversation_id),) = stack.ask(
        "SELECT organization_id, id FROM platform.conversations WHERE customer_external_id = %s", customer.number
    )
    part = {
        "outbox_id": str(uuid4()),
        "message_id": str(uuid4()),
        "message_type": "text",
        "text": "Aqui é a Ana.",
        "payload": text_payload("Aqui é a Ana."),
    }
    message = json.dumps({"kind": "human", "user_id": None, "resend_policy": "resend", "parts": [part]})
    stack.ask("SELECT agents.queue_message(%s, %s, CAST(%s AS jsonb))", organization_id, conversation_id, message)
    stack.ask("UPDATE platform.outbox SET not_before = now() - interval '1 minute' WHERE id = %s", part["outbox_id"])
    fired = stack.client.post(f"{stack.ready['gateway']}/scheduler/fire", json={"job": "work_sweep", "times": 1})
    fired.raise_for_status()
    eventually(lambda: customer.replies()[-1] == "Aqui é a Ana.", within=SECONDS)
