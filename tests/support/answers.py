"""A responder and a sender that do what a test says, and write down what they were asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from shared.agents.responder import Answer
from shared.channels.outbox import SendResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.agents.responder import Turn
    from shared.channels.outbox import Delivery


@dataclass
class ScriptedResponder:
    """Answers with the turn's numbers, or with what `script` makes of the turn."""

    script: Callable[[Turn], Answer] | None = None
    turns: list[Turn] = field(default_factory=list)

    def answer(self, turn: Turn) -> Answer:
        """The script's answer; without a script "re:1-3" for the messages 1 to 3."""
        self.turns.append(turn)
        if self.script is not None:
            return self.script(turn)
        return Answer(text=f"re:{turn.claimed.from_seq}-{turn.claimed.to_seq}", model="scripted")


@dataclass
class ScriptedSender:
    """Accepts every message, or gives it to `script`; `sent` holds what reached it, in order."""

    script: Callable[[Delivery], SendResult] | None = None
    sent: list[Delivery] = field(default_factory=list)

    def send(self, delivery: Delivery, *, marked_at: float) -> SendResult:
        """The script's result; without a script an acceptance under a new id."""
        del marked_at
        self.sent.append(delivery)
        return self.script(delivery) if self.script is not None else accepted()

    @property
    def texts(self) -> list[str]:
        """The texts that were sent, in order."""
        return [delivery.payload["text"]["body"] for delivery in self.sent]


def accepted() -> SendResult:
    """An acceptance by the provider."""
    return SendResult(outcome="accepted", message_id=f"wamid.{uuid4()}", http_status=200)
