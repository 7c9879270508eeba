"""A turn for the responder with a model: messages, passages, a ledger in memory, and the settings of a test."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from shared.agents.model_responder import ModelResponder
from shared.agents.models.names import choose
from shared.agents.responder import CallUsage, StartedCall, Turn
from shared.conversations.models import ClaimedTurn, Configuration, EarlierMessage, InboundMessage
from shared.kit.clock import utc_now
from shared.kit.ids import new_id
from shared.knowledge.models import Passage, Retrieval
from shared.platform.settings import LanguageModelSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.agents.models.service import ModelService
    from shared.agents.responder import Answer, CallState, Purpose
    from tests.support.model_server import ModelServer

OPENING = "Abrimos de segunda a sábado, das 7h às 19h. Aos domingos fechamos às 13h."
PHONE = "5511912345678"


@dataclass
class Row:
    """One row of the ledger."""

    id: UUID
    model: str
    purpose: str
    most: CallUsage
    usage: CallUsage | None = None
    state: str = "started"
    error_code: str | None = None


@dataclass
class MemoryLedger:
    """The ledger's protocol, in memory."""

    rows: list[Row] = field(default_factory=list)

    def start(self, *, model: str, purpose: Purpose = "answer", most: CallUsage) -> StartedCall:
        row = Row(new_id(), model, purpose, most)
        self.rows.append(row)
        return StartedCall(id=row.id, started_at=utc_now().isoformat(), model=model)

    def finish(
        self,
        call: StartedCall,
        *,
        usage: CallUsage | None,
        state: CallState = "succeeded",
        error_code: str | None = None,
    ) -> None:
        [row] = [row for row in self.rows if row.id == call.id]
        row.usage, row.state, row.error_code = usage, state, error_code

    @property
    def states(self) -> list[tuple[str, str, str | None]]:
        return [(row.model, row.state, row.error_code) for row in self.rows]


def passage(content: str, *, heading: str = "", score: float = 0.8) -> Passage:
    return Passage(uuid4(), uuid4(), heading, content, score, 1, 1)


def found(*passages: Passage) -> Retrieval:
    best = max((one.score for one in passages), default=0.1)
    return Retrieval(passages=passages, best_score=best, above_threshold=bool(passages))


@dataclass
class Shop:
    """A business with a responder: `knowledge` is what any question finds; `asked` are the questions."""

    service: ModelService
    knowledge: tuple[Passage, ...] = (passage(OPENING),)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    asked: list[tuple[UUID, str]] = field(default_factory=list)
    seconds: float = 60.0
    locale: str | None = "pt-BR"
    configuration: dict[str, Any] = field(default_factory=lambda: {"primary_model": "compatible:first"})

    def turn(
        self,
        *messages: str | InboundMessage,
        history: Sequence[EarlierMessage] = (),
        ledger: MemoryLedger | None = None,
    ) -> Turn:
        ends_at = time.monotonic() + self.seconds
        inbound = tuple(
            one if isinstance(one, InboundMessage) else InboundMessage(new_id(), place, "text", one)
            for place, one in enumerate(messages, start=1)
        )
        claimed = ClaimedTurn(
            organization_id=new_id(),
            conversation_id=new_id(),
            fence=1,
            from_seq=1,
            to_seq=len(inbound),
            attempt=1,
            messages=inbound,
            history=tuple(history),
            configuration=Configuration(new_id(), {}, self.configuration, "Padaria Aurora", self.locale, "whatsapp"),
            recipient=PHONE,
            connection={},
        )
        return Turn(
            claimed=claimed, calls=ledger or self.ledger, seconds_left=lambda: max(0.0, ends_at - time.monotonic())
        )

    def retrieve(self, organization_id: UUID, question: str) -> Retrieval:
        self.asked.append((organization_id, question))
        return found(*self.knowledge)

    @property
    def responder(self) -> ModelResponder:
        choice = choose(self.configuration, available=self.service.available)
        assert choice is not None
        return ModelResponder(retrieve=self.retrieve, service=self.service, choice=choice)

    def answers(self, *messages: str | InboundMessage, history: Sequence[EarlierMessage] = ()) -> Answer:
        return self.responder.answer(self.turn(*messages, history=history))


def settings_for(server: ModelServer, **changed: Any) -> LanguageModelSettings:
    """Every provider at the sandbox; only a call that hangs needs shorter times than these."""
    quick = {"model_connect_seconds": 1, "model_request_seconds": 10, "model_answer_seconds": 20}
    values: dict[str, Any] = {
        **quick,
        "model_margin_seconds": 1,
        "model_retry_seconds": 0,
        "openai_compatible_url": server.base_url,
        "openai_compatible_api_key": "compatible-key",
        "openai_api_key": "openai-key",
        "openai_base_url": server.base_url,
        **changed,
    }
    return LanguageModelSettings(**values)
