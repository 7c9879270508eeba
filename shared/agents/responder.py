"""How an answer is asked for: the Protocol of everything that can answer a turn, and what an answer is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from shared.agents.gates.models import Source, Verdict
from shared.conversations.models import ClaimedTurn
from shared.usage.models import CallState, CallUsage, Purpose, SpendingLimitReached, StartedCall

__all__ = [
    "Answer",
    "CallLedger",
    "CallState",
    "CallUsage",
    "Purpose",
    "Responder",
    "SpendingLimitReached",
    "StartedCall",
    "Turn",
]


class CallLedger(Protocol):
    """Writes down each model call before it is made, and keeps what it used; the turn stores that, however it ends."""

    def start(self, *, model: str, purpose: Purpose = "answer", most: CallUsage) -> StartedCall:
        """The call as it was written down, with the most that it may use. Raises when it was not: it must not be made.

        `model` is "provider:name".

        Raises:
            SpendingLimitReached: leave it to the turn, which hands over to a person. A guard's call is never refused.
            Unavailable: the database is.
        """

    def finish(
        self,
        call: StartedCall,
        *,
        usage: CallUsage | None,
        state: CallState = "succeeded",
        error_code: str | None = None,
    ) -> None:
        """What the call used. None: nobody told, and `most` is the estimate. "failed" is known not to be billed."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """How a customer was understood: sentiment from -1 to 1, confidence from 0 to 1, entities as {kind, value}."""

    intent: str
    sentiment: float
    confidence: float
    entities: tuple[Mapping[str, str], ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, and on what grounds.

    `text` None says nothing. `abstained` gives the conversation to people once the text is sent; `reason` is the code.
    `opted_out` remembers that the customer wants no more marketing.
    `chunk_ids` and `scores` belong together: the passages that were considered, best first.
    `sources` are the passages that the text is drawn from: what it claims must stand in them. `instructions` is what a
    model was told and must not repeat; it is compared with the text and kept nowhere. `understanding` is kept with the
    messages that it is about, `prompt`, the version of what a model was told, with the reply.
    """

    text: str | None
    abstained: bool = False
    reason: str | None = None
    model: str = "extractive"
    chunk_ids: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    sources: tuple[Source, ...] = ()
    instructions: str = field(default="", repr=False)
    opted_out: bool = False
    understanding: Understanding | None = None
    prompt: str | None = None
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed turn with what a responder needs to answer it: the time left and the ledger for its calls."""

    claimed: ClaimedTurn
    calls: CallLedger
    seconds_left: Callable[[], float]


class Responder(Protocol):
    """Answers one turn. Raises whatever went wrong: the turn is then given back and tried again later."""

    def answer(self, turn: Turn) -> Answer:
        """What to say to the turn's messages, within `turn.seconds_left()`."""


@runtime_checkable
class Rewriter(Protocol):
    """A responder that can write an answer once more, when a gate has said no to it."""

    def rewrite(self, turn: Turn, answer: Answer, vetoes: Sequence[Verdict]) -> Answer:
        """The answer without what the gates found, within `turn.seconds_left()`; it meets all gates again.

        `details` of the new answer replace those of the old one. Raises what `Responder.answer` raises.
        """
