"""What a customer sends as a file is answered for at once and fetched by a task of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.functions.webhook_intake.bodies import change, envelope, new_wamid, text_message
from tests.functions.webhook_intake.conftest import MEDIA_TRANSFER_URL
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.functions.webhook_intake.conftest import Intake


def photo(wamid: str) -> dict[str, Any]:
    """One element of `messages` with a captioned photo."""
    message = text_message(wamid=wamid, customer="5511900000901")
    del message["text"]
    image = {"id": "1234567890", "mime_type": "image/jpeg", "sha256": "aGFzaA==", "caption": "tem deste?"}
    return {**message, "type": "image", "image": image}


def test_a_file_is_stored_as_a_transfer_and_fetched_by_its_own_task(intake: Intake) -> None:
    """D-01: the webhook does not wait for it, and the text part goes its own way."""
    wamid = new_wamid()
    body = envelope(change(intake.tenant.phone_number_id, messages=[photo(wamid)]))
    assert [intake.function.deliver(body).status for _ in range(3)] == [200] * 3
    ((transfer_id, kind, media_id, declared, state, caption),) = intake.rows(
        "SELECT t.id, t.kind, t.provider_media_id, t.declared_mime_type, t.state, m.text_content"
        " FROM platform.media_transfers t JOIN platform.messages m ON m.id = t.message_id"
        " WHERE m.external_message_id = %s",
        wamid,
    )
    assert (kind, media_id, declared, state) == ("image", "1234567890", "image/jpeg", "pending")
    assert caption == "tem deste?"

    def asked() -> list[Any]:
        return [task for task in intake.queue.tasks if str(transfer_id).encode() in task.http_request.body]

    eventually(asked, within=20)
    (task,) = asked()
    ids = {"organization_id": str(intake.tenant.organization_id), "transfer_id": str(transfer_id)}
    assert json.loads(task.http_request.body) == ids
    assert task.http_request.url == MEDIA_TRANSFER_URL
    assert task.name.startswith("projects/project/locations/region/queues/media/tasks/media-")
