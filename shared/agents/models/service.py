"""The models of one process: clients and event loop that all its turns share, imported when a turn first needs them."""

import threading
import time
from typing import TYPE_CHECKING

from shared.agents.models.background import BackgroundLoop
from shared.agents.models.names import ModelChoice, ModelName
from shared.agents.models.outcome import Objection, Outcome
from shared.agents.responder import Purpose, Turn
from shared.agents.tools import Desk
from shared.kit.errors import Unavailable
from shared.platform.settings import LanguageModelSettings

if TYPE_CHECKING:
    from shared.agents.models.clients import ModelClients

# Between the end of the dialogue's own time and ours, which only a defect would need.
_GRACE_SECONDS = 5.0


class NoTimeLeft(Exception):
    """The turn has no time for a model any more: it is given back, and its next run has."""


class ModelService:
    """Made without a cost; nothing is imported or connected before the first dialogue."""

    def __init__(self, settings: LanguageModelSettings) -> None:
        self._settings = settings
        self._loop = BackgroundLoop()
        self._lock = threading.Lock()
        self._clients: ModelClients | None = None

    def available(self, name: ModelName) -> bool:
        """Whether there is a credential for this model."""
        return self._settings.offers(name.provider)

    def converse(  # noqa: PLR0913 - what is asked, by name
        self,
        turn: Turn,
        choice: ModelChoice,
        *,
        instructions: str,
        prompt: str,
        desk: Desk,
        objection: Objection,
        purpose: Purpose,
    ) -> Outcome:
        """The model's reply or why there is none, within the turn's time. See dialogue.converse; raises NoTimeLeft."""
        from shared.agents.models.dialogue import (  # noqa: PLC0415 - takes seconds: turns without a model do not pay
            Assignment,
            converse,
        )

        settings = self._settings
        clients = self._ready(choice)  # before the clock starts: the first time it imports the providers' libraries
        seconds = min(settings.model_answer_seconds, turn.seconds_left() - settings.model_margin_seconds)
        if seconds <= 0:
            raise NoTimeLeft
        task = Assignment(
            instructions=instructions,
            prompt=prompt,
            choice=choice,
            ledger=turn.calls,
            desk=desk,
            objection=objection,
            purpose=purpose,
            ends_at=time.monotonic() + seconds,
            request_seconds=settings.model_request_seconds,
            retry_seconds=settings.model_retry_seconds,
        )
        try:
            return self._loop.run(converse(clients, task), within=seconds + _GRACE_SECONDS)
        except TimeoutError as stuck:
            raise Unavailable("the models' event loop does not answer") from stuck

    def close(self) -> None:
        """Close connections and loop."""
        with self._lock:
            clients, self._clients = self._clients, None
        if clients is not None:
            self._loop.run(clients.close(), within=_GRACE_SECONDS)
        self._loop.close()

    def _ready(self, choice: ModelChoice) -> "ModelClients":
        """The clients, with those of this choice made: not on the loop, where other turns would wait for the import."""
        from shared.agents.models.clients import ModelClients  # noqa: PLC0415 - idem

        with self._lock:
            if self._clients is None:
                self._clients = ModelClients(self._settings)
            for name in (choice.primary, choice.fallback):
                if name is not None:
                    self._clients.model(name)
            return self._clients
