"""Bodies as WhatsApp posts them."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

_numbers = itertools.count(int(time.time() * 1_000_000))


def new_wamid() -> str:
    """An id that no other message of this run has."""
    return f"wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYFjNF{next(_numbers)}"


def text_message(
    *, wamid: str | None = None, customer: str = "5511987654321", at: float | str | None = None, text: str = "Olá!"
) -> dict[str, Any]:
    """One element of `messages`; `at` is in seconds, now when None."""
    moment = int(time.time()) if at is None else at
    return {
        "from": customer,
        "id": wamid or new_wamid(),
        "timestamp": moment if isinstance(moment, str) else str(int(moment)),
        "type": "text",
        "text": {"body": text},
    }


def status(wamid: str, name: str, *, at: float | None = None, **more: Any) -> dict[str, Any]:
    """One element of `statuses`."""
    moment = str(int(time.time() if at is None else at))
    return {"id": wamid, "status": name, "timestamp": moment, "recipient_id": "5511987654321", **more}


def change(phone_number_id: str, **value: Any) -> dict[str, Any]:
    """One change of field `messages`, with `messages=` or `statuses=` or both."""
    metadata = {"display_phone_number": "5511955550100", "phone_number_id": phone_number_id}
    return {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}


def envelope(*changes: Any) -> dict[str, Any]:
    """A whole body."""
    entry = {"id": "102290129340398", "changes": list(changes)}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def encoded(body: Any) -> bytes:
    """The body's bytes with non-ASCII characters escaped, as Meta sends them."""
    return json.dumps(body, separators=(",", ":")).encode()
