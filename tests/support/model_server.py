"""The models sandbox over HTTP in a thread of this process, for the real clients."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from infra.local.gateway.app import refusal
from infra.local.listener import Listener
from infra.local.models.app import ModelApp, ModelSandbox
from infra.local.models.faults import ModelFaults, read_faults
from infra.local.models.scripted import honest
from tests.infra.local.loop_thread import LoopThread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.local.models.invoice import Call, Line


class ModelServer:
    """One sandbox, its address, and a client for its commands."""

    def __init__(self, sandbox: ModelSandbox, url: str) -> None:
        self.sandbox = sandbox
        self.url = f"{url}/sandbox/models"
        self.client = httpx.Client(base_url=self.url, timeout=20, trust_env=False)

    @property
    def base_url(self) -> str:
        """For an OpenAI client."""
        return f"{self.url}/v1"

    @property
    def calls(self) -> list[Call]:
        """The calls that came."""
        return self.sandbox.invoice.calls

    @property
    def lines(self) -> list[Line]:
        """What was billed."""
        return self.sandbox.invoice.lines

    def set_faults(self, **faults: Any) -> None:
        """Misbehave like this from now on."""
        self.sandbox.faults = read_faults(faults)

    def reset(self) -> None:
        """As new, for the next test."""
        self.sandbox.faults = ModelFaults()
        self.sandbox.script = honest
        self.sandbox.invoice.clear()


@contextlib.contextmanager
def running_model_server(folder: Path) -> Iterator[ModelServer]:
    """A sandbox on a folder, until the end of the block."""
    sandbox = ModelSandbox(folder=folder)
    with LoopThread() as loop:
        sandbox.start()
        listener = loop.run(_listening(sandbox))
        server = ModelServer(sandbox, listener.url)
        try:
            yield server
        finally:
            server.client.close()
            loop.run(listener.close())
            sandbox.stop()


async def _listening(sandbox: ModelSandbox) -> Listener:
    listener = Listener(0)
    await listener.serve(
        Starlette(
            routes=[Mount("/sandbox/models", app=ModelApp(sandbox).router)],
            exception_handlers={HTTPException: refusal},
        )
    )
    return listener
