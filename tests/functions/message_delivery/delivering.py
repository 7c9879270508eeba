"""Sends what waits in a scene's conversation as message_delivery does, to a provider that takes everything."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from functions.message_delivery.handler import DeliveryTimes, deliver
from shared.channels.graph import GraphSender
from tests.channels.graph_server import ACCEPTED, Provider, answer, serving
from tests.functions.work_sweep.sweeping import DELIVERY_URL, Tasks

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.conversations import Scene

TIMES = DeliveryTimes(max_age=43200.0, quiet=0.0, uncertain=0.0, timeout=20.0)


def delivered(scene: Scene, conversation_id: UUID | None = None) -> list[str]:
    """The texts that the provider took, in order."""
    taken = Provider(
        behave=lambda handler: answer(handler, 200, {**ACCEPTED, "messages": [{"id": f"wamid.{uuid4()}"}]})
    )
    task = {
        "organization_id": str(scene.organization_id),
        "conversation_id": str(conversation_id or scene.conversation_id),
    }
    with serving(taken):
        sender = GraphSender(base_url=taken.url, version="v24.0", open_token=lambda *_: "EAAGsecretsecret")
        deliver(task, database=scene.application, queue=Tasks(), own_url=DELIVERY_URL, sender=sender, times=TIMES)
        sender.close()
    return [body["text"]["body"] for _, _, body in taken.received]
