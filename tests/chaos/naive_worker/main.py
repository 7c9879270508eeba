"""The negative control: each message goes pending → processing → send → processed, and is taken up again at once.

It runs in the same harness, against the same provider, with the same tasks, kills and stops, and must fail.
"""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import functions_framework.aio
import httpx
from starlette.requests import Request  # noqa: TC002 - the framework reads the annotation
from starlette.responses import Response  # noqa: TC002 - idem

from shared.kit.crash_points import crash_point
from shared.platform.boundary import Task, answer_task
from shared.platform.callers import Callers
from shared.platform.database import connect
from shared.platform.settings import CallerSettings, DatabaseSettings, load

_PENDING = """
SELECT m.id, m.seq, m.text_content, c.customer_external_id FROM platform.messages m
JOIN platform.conversations c ON c.id = m.conversation_id
WHERE m.conversation_id = :conversation_id AND m.direction = 'inbound'
  AND NOT EXISTS (SELECT FROM chaos.naive_states s WHERE s.message_id = m.id AND s.state = 'processed')
ORDER BY m.seq
"""
_MARK = """
INSERT INTO chaos.naive_states (message_id, state) VALUES (:message_id, :state)
ON CONFLICT (message_id) DO UPDATE SET state = excluded.state
"""

_callers = Callers(load(CallerSettings))
_parts: list[Any] = []


def process(task: Task) -> dict[str, int]:
    """Answers each message by itself, as one would at first."""
    if not _parts:
        _parts.extend(
            (connect(load(DatabaseSettings)), httpx.Client(base_url=os.environ["GRAPH_BASE_URL"], timeout=5.0))
        )
    database, client = _parts
    organization_id = UUID(task.payload["organization_id"])
    crash_point("K1")
    rows = database.tenant_once(organization_id, _PENDING, conversation_id=UUID(task.payload["conversation_id"]))
    for message_id, seq, text, customer in rows:
        database.tenant_once(organization_id, _MARK, message_id=message_id, state="processing")
        crash_point("K2")
        question = {"attempt": str(message_id), "from": seq, "to": seq, "texts": [text]}
        said = client.post("/model", json=question).raise_for_status().json()
        crash_point("K5")
        body = {"messaging_product": "whatsapp", "to": customer, "type": "text", "text": {"body": said["text"]}}
        client.post("/v24.0/naive/messages", json=body).raise_for_status()
        crash_point("K7")
        database.tenant_once(organization_id, _MARK, message_id=message_id, state="processed")
    return {"processed": len(rows)}


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """One task of the queue."""
    return await answer_task(request, process, callers=_callers)
