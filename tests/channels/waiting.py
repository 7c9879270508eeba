"""Messages that no turn wrote, and the connection's settings that decide about them, for the tests of sending."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.channels.outbox import Delivery, SendResult
from shared.channels.queueing import queue_message
from tests.support.answers import accepted

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from shared.channels.queueing import Kind
    from tests.support.conversations import Scene

TEMPLATE = {"name": "volta", "language": "pt_BR", "text": "Podemos continuar a conversa?"}


def queued(scene: Scene, payload: dict[str, Any], *, kind: Kind = "human", user_id: UUID | None = None) -> list[UUID]:
    """Queues a message in the scene's conversation; returns the outbox ids of its parts."""
    parts = queue_message(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        kind=kind,
        payload=payload,
        user_id=user_id,
    )
    return [part.outbox_id for part in parts]


def name_window_template(scene: Scene, template: dict[str, Any] | None = None) -> None:
    """The organization names the template that goes out when the window is closed."""
    scene.execute(
        "UPDATE integrations.connections SET configuration = jsonb_build_object('window_template', %s::jsonb)",
        json.dumps(template or TEMPLATE),
    )


def become(scene: Scene, provider: str) -> None:
    """The scene's connection is one of another provider from now on."""
    scene.execute("UPDATE integrations.connections SET provider = %s", provider)


def on_text(answer: Callable[[Delivery], SendResult]) -> Callable[[Delivery], SendResult]:
    """A script that answers texts so, and accepts whatever else is sent."""
    return lambda delivery: answer(delivery) if delivery.payload["type"] == "text" else accepted()


def window_error(_: Delivery) -> SendResult:
    """The provider says that the window is closed, whatever our clock says."""
    return SendResult(outcome="refused", error_code="131047", http_status=400, consequence="window")
