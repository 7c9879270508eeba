"""Hand-overs in a scene: the department's settings, a conversation that people have, what people do with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from shared.agents.resolving import resolve_conversation
from shared.agents.responder import Answer
from shared.channels.payloads import text_payload
from shared.channels.queueing import queue_message
from shared.conversations.handoffs import return_conversation
from shared.conversations.opening_hours import DAYS
from tests.support.answers import ScriptedResponder

if TYPE_CHECKING:
    from tests.support.conversations import Scene

ABSTAINING = ScriptedResponder(lambda _: Answer(text=None, abstained=True, reason="knowledge_gap"))


def configure(scene: Scene, **settings: Any) -> None:
    """The department's settings are these from now on."""
    scene.execute("UPDATE departments.departments SET configuration = %s::jsonb", json.dumps(settings))


def opens_in_three_days() -> dict[str, Any]:
    """Hours of a business that is closed now and opens on one day of the week alone."""
    day = (datetime.now(UTC) + timedelta(days=3)).weekday()
    return {"opening_hours": {DAYS[day]: ["09:00-18:00"]}, "open_on_holidays": True}


def handoffs(scene: Scene, *columns: str) -> list[list[Any]]:
    """Columns of the organization's hand-overs, oldest first."""
    return scene.rows(f"SELECT {', '.join(columns)} FROM platform.handoffs ORDER BY requested_at")


def make_user(scene: Scene, name: str = "Ana") -> UUID:
    """A person of the business."""
    user_id = uuid4()
    scene.execute(
        "INSERT INTO platform.users (id, organization_id, email, full_name) VALUES (%s, %s, %s, %s)",
        user_id,
        scene.organization_id,
        f"{name.lower()}-{user_id}@example.com",
        name,
    )
    return user_id


def writes(scene: Scene, text: str, user_id: UUID | None = None) -> None:
    """A person answers the customer."""
    queue_message(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        kind="human",
        payload=text_payload(text),
        user_id=user_id,
    )


def give_back(scene: Scene, conversation_id: UUID | None = None) -> int:
    """A person gives the conversation back; how many messages nobody answered."""
    return return_conversation(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=conversation_id or scene.conversation_id,
        user_id=None,
    )


def resolve(scene: Scene, conversation_id: UUID | None = None, *, seen_seq: int | None = None) -> bool:
    """A person ends the conversation; whether the customer is asked for a score."""
    return resolve_conversation(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=conversation_id or scene.conversation_id,
        user_id=None,
        seen_seq=seen_seq,
    )
