"""How an answer is asked for: the Protocol of everything that can answer a turn, and what an answer is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol, runtime_checkable
from uuid import UUID

from shared.agents.gates.models import Source, Verdict
from shared.conversations.models import ClaimedTurn


class SpendingLimitReached(Exception):
    """A model call may not be made: what it may cost does not fit into the limit of the organization or the agent."""


@dataclass(frozen=True, slots=True)
class StartedCall:
    """One model call that is accounted before it is made. `started_at` is the database's time, as ISO 8601."""

    id: UUID
    started_at: str
    model: str


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """What a model call used. The cost is in US dollars, None when the price is unknown (never 0 for that)."""

    call: StartedCall
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: Decimal | None = None


class CallLedger(Protocol):
    """Writes down a model call before it is made, with the most that it may cost."""

    def __call__(self, *, model: str, reserved_cost_usd: Decimal | None) -> StartedCall:
        """The call as it was written down. Raises when it was not: then it must not be made.

        Raises:
            SpendingLimitReached: leave it to the turn, which hands over to a person.
            Unavailable: the database is.
        """


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
    calls: tuple[FinishedCall, ...] = ()
    opted_out: bool = False
    understanding: Understanding | None = None
    prompt: str | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """Tokens of all calls together."""
        return sum((call.input_tokens or 0) + (call.output_tokens or 0) for call in self.calls)

    @property
    def cost_usd(self) -> Decimal | None:
        """Cost of all calls together: 0 without calls, None as soon as one price is unknown."""
        costs = [call.cost_usd for call in self.calls]
        return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed turn with what a responder needs to answer it: the time left and the ledger for its calls."""

    claimed: ClaimedTurn
    start_call: CallLedger
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
