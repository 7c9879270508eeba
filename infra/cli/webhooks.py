"""Signed webhooks of Meta over HTTP: for the demo, for replays and for tests."""

import json
import time
from dataclasses import dataclass
from datetime import datetime

import httpx

from shared.channels.whatsapp.signature import HEADER, sign

PATIENCE_SECONDS = 15.0  # above intake's own 10 s, so that its answer is what ends a request


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the webhook's receiver answered, and how long it took."""

    status_code: int
    milliseconds: float

    @property
    def accepted(self) -> bool:
        """Whether the provider would consider the delivery as done."""
        return 200 <= self.status_code < 300  # noqa: PLR2004 - the class of success


def post_signed(client: httpx.Client, url: str, raw: bytes, *, secret: bytes) -> Answer:
    """Post the bytes as Meta does.

    Args:
        client: the connection to use.
        url: the webhook's address, with its path.
        raw: the body, exactly as it is to be signed.
        secret: the app's secret.

    Raises:
        httpx.HTTPError: nobody answered.
    """
    headers = {HEADER.decode(): sign(raw, secret).decode(), "content-type": "application/json"}
    started = time.perf_counter()
    response = client.post(url, content=raw, headers=headers, timeout=PATIENCE_SECONDS)
    return Answer(status_code=response.status_code, milliseconds=(time.perf_counter() - started) * 1000)


def text_delivery(  # noqa: PLR0913 - the facts of one message
    text: str, *, phone_number_id: str, customer: str, name: str, message_id: str, at: datetime
) -> bytes:
    """Build the delivery that Meta makes of one text message (Cloud API, field `messages`).

    Args:
        text: what the customer wrote.
        phone_number_id: the business's number, by Meta's id.
        customer: the customer's phone number, digits only.
        name: the name in the customer's profile.
        message_id: Meta's id of the message, `wamid.…`.
        at: when it was written; Meta sends whole seconds.
    """
    message = {
        "from": customer,
        "id": message_id,
        "timestamp": str(int(at.timestamp())),
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551150000000", "phone_number_id": phone_number_id},
        "contacts": [{"profile": {"name": name}, "wa_id": customer}],
        "messages": [message],
    }
    envelope = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "104000000000000", "changes": [{"field": "messages", "value": value}]}],
    }
    return json.dumps(envelope).encode()
