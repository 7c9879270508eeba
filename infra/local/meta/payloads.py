"""Webhook bodies of WhatsApp: statuses and all else that happens at a number, with escaped unicode and slashes.

The signature is over these very bytes; a receiver that parses and writes them again gets others.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.meta.graph_errors import GraphError
from infra.local.meta.phone_numbers import PhoneNumber
from infra.local.meta.record import Call

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
    item: dict[str, Any] = {
        "id": call.wamid,
        "status": status,
        "timestamp": str(at),
        "recipient_id": call.to.lstrip("+"),
    }
    if call.payload.get("recipient"):
        item["recipient_user_id"] = call.to
    if status in {"sent", "delivered"}:  # Meta leaves both out afterwards
        item |= _billing(call, status, at=at)
    if status == "failed" and call.failed_with is not None:
        item["errors"] = [_status_error(call.failed_with)]
    if call.biz_opaque_callback_data is not None:
        item["biz_opaque_callback_data"] = call.biz_opaque_callback_data
    return item


def _billing(call: Call, status: str, *, at: int) -> dict[str, Any]:
    """Since 2025-07-01 each template is paid for, and what answers a customer is free."""
    paid = call.type == "template"
    category = "marketing" if paid else "service"
    conversation: dict[str, Any] = {
        "id": hashlib.sha256(f"{call.phone_number_id}|{call.to}".encode()).hexdigest()[:32],
        "origin": {"type": category},
    }
    if status == "sent":
        conversation["expiration_timestamp"] = str(at + _WINDOW_SECONDS)
    pricing = {
        "billable": paid,
        "pricing_model": "PMP",
        "category": category,
        "type": "regular" if paid else "free_customer_service",
    }
    return {"conversation": conversation, "pricing": pricing}


def _status_error(code: int) -> dict[str, Any]:
    error = GraphError(code).body()["error"]
    usual = error["message"].partition(") ")[2]
    return {
        "code": code,
        "title": usual,
        "message": usual,
        "error_data": {"details": error.get("error_data", {}).get("details", usual)},
        "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
    }


def statuses_value(number: PhoneNumber, statuses: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The value of a change that reports statuses."""
    return change_value(number, {"statuses": list(statuses)})


def change_value(number: PhoneNumber, content: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a change of a number: its metadata, and what happened."""
    return {"messaging_product": "whatsapp", "metadata": _metadata(number), **content}


def webhook_body(changes: Iterable[tuple[PhoneNumber, str, Mapping[str, Any]]]) -> bytes:
    """One delivery: a change for each number, field and value, gathered by account."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for number, field, value in changes:
        entries.setdefault(number.account_id, []).append({"value": value, "field": field})
    return json_bytes(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": account, "changes": gathered} for account, gathered in entries.items()],
        }
    )


def json_bytes(page: Mapping[str, Any]) -> bytes:
    """JSON as Meta writes it: no spaces, nothing but ASCII, escaped slashes."""
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
