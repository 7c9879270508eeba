"""O-04: a task carries ids alone, and its name makes one wake-up of what is asked for twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from shared.conversations.wake_ups import TURN_QUEUE, task_name, wake_conversation

MOMENT = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Tasks:
    """A queue that keeps what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def wake(self, queue: str, **task: Any) -> None:
        self.asked.append({"queue": queue, **task})


def test_a_task_carries_two_ids_and_nothing_else() -> None:
    tasks, organization_id, conversation_id = Tasks(), uuid4(), uuid4()
    wake_conversation(
        tasks,
        url="https://run.test",
        organization_id=organization_id,
        conversation_id=conversation_id,
        at=MOMENT,
        reason="x",
    )
    assert tasks.asked == [
        {
            "queue": TURN_QUEUE,
            "url": "https://run.test",
            "payload": {"organization_id": str(organization_id), "conversation_id": str(conversation_id)},
            "at": MOMENT,
            "name": task_name(conversation_id, reason="x"),
        }
    ]


def test_a_name_is_one_per_conversation_and_reason_and_well_spread() -> None:
    conversation_id = uuid4()
    names = {task_name(conversation_id, reason=str(n)) for n in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"turn-[0-9a-f]{32}", name) for name in names)
    assert len({name[:7] for name in names}) > 10, "not a sequence: Cloud Tasks slows down on those"
    assert task_name(conversation_id, reason="1") in names
    assert task_name(uuid4(), reason="1") not in names


def test_a_wake_up_without_a_reason_is_never_taken_for_another() -> None:
    tasks = Tasks()
    wake_conversation(tasks, url="u", organization_id=uuid4(), conversation_id=uuid4(), at=None, reason=None)
    assert tasks.asked[0]["name"] is None
