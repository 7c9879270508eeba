"""agent_execution as it is deployed, with a metered model behind HTTP as its responder and the driver as its queue."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import functions_framework.aio
import httpx
from starlette.requests import Request  # noqa: TC002 - the framework reads the annotation
from starlette.responses import Response  # noqa: TC002 - idem

from functions.agent_execution.wiring import TurnFunction, TurnFunctionSettings
from shared.agents.responder import Answer, CallUsage
from shared.kit.crash_points import crash_point
from shared.platform.boundary import answer_task
from shared.platform.settings import load
from tests.chaos.queue_client import DriverQueue

if TYPE_CHECKING:
    from shared.agents.responder import Turn

# What the model uses; tests.chaos.stack has its price, at which that costs what the model invoices.
MODEL = "chaos:metered"
MOST = CallUsage(input_tokens=11, output_tokens=7)


class MeteredResponder:
    """Asks the model of tests.chaos.provider, which keeps an invoice."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=5.0, trust_env=False)

    def answer(self, turn: Turn) -> Answer:
        """What the model says, with what it used."""
        claimed = turn.claimed
        call = turn.calls.start(model=MODEL, most=MOST)
        crash_point("before-model")
        question = {
            "attempt": str(call.id),
            "from": claimed.from_seq,
            "to": claimed.to_seq,
            "texts": [message.text for message in claimed.messages],
        }
        said = self._client.post("/model", json=question).raise_for_status().json()
        turn.calls.finish(call, usage=CallUsage(input_tokens=said["input_tokens"], output_tokens=said["output_tokens"]))
        return Answer(text=said["text"], model=MODEL)


_settings = load(TurnFunctionSettings)
_function: TurnFunction | None = None


@functions_framework.aio.http
async def handle(request: Request) -> Response:
    """As functions/agent_execution/main.py."""
    global _function  # noqa: PLW0603 - one per process
    if _function is None:
        _function = TurnFunction(
            _settings,
            make_responder=lambda _: MeteredResponder(os.environ["GRAPH_BASE_URL"]),
            queue=DriverQueue(os.environ["CHAOS_DRIVER_URL"]),
        )
    return await answer_task(request, _function.run, callers=_function.callers)
