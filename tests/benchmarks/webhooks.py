"""Signed WhatsApp webhooks, rendered as whole HTTP requests before anything is measured."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

_TEXTS = (
    "Oi, tudo bem? Vocês abrem domingo?",
    "Quanto custa o pão de queijo?",
    "Quero encomendar um bolo de chocolate para sábado, dá tempo?",
    "Vocês entregam no centro? Qual é a taxa de entrega e em quanto tempo chega mais ou menos?",
)


@dataclass(slots=True)
class Customers:
    """Customers who write to one phone number: each request is a new message of the next of them."""

    phone_number_id: str
    app_secret: str
    conversations: int
    burst: int = 0  # messages of a customer before the next one comes; 0: the same customers for ever
    written: int = 0  # messages so far

    def requests(self, number: int) -> Iterator[bytes]:
        """Yield so many HTTP requests, each with one distinct message."""
        for _ in range(number):
            yield self.request()

    def request(self) -> bytes:
        """Return one HTTP request."""
        body = self._body(self.written)
        self.written += 1
        signature = hmac.digest(self.app_secret.encode(), body, hashlib.sha256).hex()
        head = (
            "POST /whatsapp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"User-Agent: facebookexternalua\r\nX-Hub-Signature-256: sha256={signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _customer(self, number: int) -> int:
        """Who writes the message of this number; at any time `conversations` of them are writing in turn."""
        turn = number % self.conversations
        return turn + (number // (self.conversations * self.burst) * self.conversations if self.burst else 0)

    def _body(self, number: int) -> bytes:
        customer = f"55119{self._customer(number):08d}"
        message = {
            "from": customer,
            "id": f"wamid.HBgNNTUxMTk5OTk5{self.phone_number_id}{number:016d}",
            "timestamp": str(int(time.time())),
            "text": {"body": _TEXTS[number % len(_TEXTS)]},
            "type": "text",
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "551133334444", "phone_number_id": self.phone_number_id},
            "contacts": [{"profile": {"name": "Maria Aparecida"}, "wa_id": customer}],
            "messages": [message],
        }
        entry = {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}
        return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
