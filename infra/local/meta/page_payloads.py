"""Webhook bodies of Instagram and Messenger: echoes, deliveries and reads of what was sent, and customers' events."""

import secrets
import time
from collections.abc import Iterable
from typing import Any

from infra.local.meta.accounts import PageAccount
from infra.local.meta.payloads import json_bytes
from infra.local.meta.record import Call

APP_ID = "500000000000001"  # of the app whose tokens the sandbox gives
INBOX_APP_ID = "263902037430900"  # of the page's own inbox, in which people write
_OBJECTS = {"instagram": "instagram", "messenger": "page"}


def new_mid(channel: str) -> str:
    """A message id like those of Messenger or Instagram."""
    random = secrets.token_urlsafe(36).replace("-", "x")
    return f"m_{random}" if channel == "messenger" else f"aWdfZAG1faXRlbTox{random}ZD"


def event_item(account: PageAccount, call: Call, event: str, *, at: int) -> dict[str, Any]:
    """What is told of a message that was sent: echo, delivered or read; `at` in Unix milliseconds."""
    if event == "echo":
        message: dict[str, Any] = {"mid": call.wamid, "is_echo": True, "app_id": int(APP_ID), **_said(call)}
        if call.biz_opaque_callback_data is not None:
            message["metadata"] = call.biz_opaque_callback_data
        return {
            "sender": {"id": account.account_id},
            "recipient": {"id": call.to},
            "timestamp": at,
            "message": message,
        }
    item = {"sender": {"id": call.to}, "recipient": {"id": account.account_id}, "timestamp": at}
    if account.channel == "instagram":
        return {**item, "read": {"mid": call.wamid}}
    if event == "delivered":
        return {**item, "delivery": {"mids": [call.wamid], "watermark": at}}
    return {**item, "read": {"watermark": at}}


def page_body(channel: str, parts: Iterable[tuple[str, str, dict[str, Any]]]) -> bytes:
    """One delivery. Each part is an account's id, where its item belongs (messaging, standby, changes) and the item."""
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    for account_id, place, item in parts:
        entry = entries.setdefault((account_id, place), {"time": int(time.time() * 1000), "id": account_id, place: []})
        entry[place].append(item)
    return json_bytes({"object": _OBJECTS[channel], "entry": list(entries.values())})


def _said(call: Call) -> dict[str, Any]:
    message = call.payload.get("message", {})
    if "text" in message:
        return {"text": message["text"]}
    several = message.get("attachments") or [message.get("attachment")]
    return {"attachments": [{"type": one["type"], "payload": one.get("payload", {})} for one in several if one]}
