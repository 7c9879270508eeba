"""What a customer sends as a file, from the webhook to the object, through one whole stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.stack import Customer, Stack

SECONDS = 45
_MEDIA = """
SELECT t.state, t.kind, t.error_code, a.mime_type, a.storage_path, jsonb_array_length(m.media_urls),
       m.metadata -> 'media_reading' -> '0' ->> 'unread'
FROM platform.media_transfers t
JOIN platform.messages m ON m.id = t.message_id
JOIN platform.conversations c ON c.id = m.conversation_id
LEFT JOIN platform.media_assets a ON a.id = t.media_asset_id
WHERE c.customer_external_id = %s
"""


def send(stack: Stack, customer: Customer, kind: str, **more: Any) -> None:
    wanted = {"from": customer.number, "kind": kind, "repeat": 2, **more}
    stack.client.post(f"{stack.ready['sandboxes']['meta']}/inbound", json=wanted).raise_for_status()


@pytest.mark.parametrize(
    ("channel", "kind", "mime_type"),
    [
        ("whatsapp", "image", "image/"),
        ("whatsapp", "audio", "audio/ogg"),
        ("whatsapp", "document", "application/pdf"),
        ("instagram", "image", "image/"),
        ("messenger", "file", "application/pdf"),
    ],
)
def test_a_file_of_a_customer_is_in_storage_once_and_its_message_says_that_nobody_read_it(
    stack: Stack, channel: str, kind: str, mime_type: str
) -> None:
    """D-01, D-04, X-01: by ids whose links end and ask for the token, and by links that the webhook brings."""
    customer = stack.customer()
    send(stack, customer, kind, channel=channel)

    def stored() -> bool:
        return [row[0] for row in stack.ask(_MEDIA, customer.number)] == ["stored"]

    eventually(stored, within=SECONDS)
    ((_, _, _, found, path, listed, unread),) = stack.ask(_MEDIA, customer.number)
    assert found.startswith(mime_type)
    assert path.startswith("media/")
    assert (listed, unread) == (1, "no_reader")
