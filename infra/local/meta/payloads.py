"""Webhook bodies in the provider's shape: statuses and customers' messages, as JSON with escaped unicode and slashes.

The signature is over these very bytes; a receiver that parses and writes them again gets others.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.meta.phone_numbers import PhoneNumber
from infra.local.meta.record import Call, Inbound

_WINDOW_SECONDS = 24 * 3600
_IDS_OF_WHATSAPP = b"\x1c\x18"


def new_wamid(phone: str) -> str:
    """A message id like WhatsApp's: base64 of the phone and random bytes."""
    inner = (
        _IDS_OF_WHATSAPP
        + bytes([len(phone)])
        + phone.encode()
        + b"\x15\x02"
        + secrets.token_hex(10).upper().encode()
        + b"\x00"
    )
    return "wamid." + base64.b64encode(inner).decode()


def status_item(call: Call, status: str, *, at: int) -> dict[str, Any]:
    """One element of `statuses`; `at` in Unix seconds."""
    conversation: dict[str, Any] = {
        "id": hashlib.sha256(f"{call.phone_number_id}|{call.to}".encode()).hexdigest()[:32],
        "origin": {"type": "service"},
    }
    if status == "sent":
        conversation["expiration_timestamp"] = str(at + _WINDOW_SECONDS)
    item: dict[str, Any] = {
        "id": call.wamid,
        "status": status,
        "timestamp": str(at),
        "recipient_id": call.to.lstrip("+"),
        "conversation": conversation,
        "pricing": {
            "billable": False,
            "pricing_model": "PMP",
            "category": "service",
            "type": "free_customer_service",
        },
    }
    if status == "read":
        del item["conversation"], item["pricing"]  # as Meta leaves them out
    if call.biz_opaque_callback_data is not None:
        item["biz_opaque_callback_data"] = call.biz_opaque_callback_data
    return item


def statuses_value(number: PhoneNumber, statuses: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The value of a change that reports statuses."""
    return {"messaging_product": "whatsapp", "metadata": _metadata(number), "statuses": list(statuses)}


def inbound_value(number: PhoneNumber, inbound: Inbound, *, at: int) -> dict[str, Any]:
    """The value of a change that brings a customer's text message."""
    return {
        "messaging_product": "whatsapp",
        "metadata": _metadata(number),
        "contacts": [{"profile": {"name": inbound.name}, "wa_id": inbound.sender}],
        "messages": [
            {
                "from": inbound.sender,
                "id": inbound.wamid,
                "timestamp": str(at),
                "text": {"body": inbound.text},
                "type": "text",
            }
        ],
    }


def webhook_body(values: Iterable[tuple[PhoneNumber, Mapping[str, Any]]]) -> bytes:
    """One delivery: a change for each value, gathered by account."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for number, value in values:
        entries.setdefault(number.account_id, []).append({"value": value, "field": "messages"})
    page = {
        "object": "whatsapp_business_account",
        "entry": [{"id": account, "changes": changes} for account, changes in entries.items()],
    }
    return json.dumps(page, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def signed_headers(body: bytes, *, app_secret: str) -> dict[str, str]:
    """The headers of a delivery."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature-256": "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest(),
    }


def _metadata(number: PhoneNumber) -> dict[str, str]:
    return {"display_phone_number": number.display_phone_number, "phone_number_id": number.phone_number_id}
