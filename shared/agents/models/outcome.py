"""What came of a dialogue with a model: a reply, or the code of why there is none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from shared.agents.models.names import ModelChoice
from shared.agents.reply_schema import Reply
from shared.agents.responder import Purpose, Turn
from shared.agents.tools import Desk

UNAVAILABLE: Final = "model_unavailable"
GARBAGE: Final = "model_garbage"
REFUSED: Final = "model_refused"

# What is to be said to the model against a reply of the right form; None when nothing is.
Objection = Callable[[Reply], str | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: a reply, or the code of why there is none. `model` wrote the reply; `attempts` are its calls."""

    reply: Reply | None
    failure: str | None
    cause: str | None
    model: str | None
    attempts: Sequence[dict[str, object]] = ()
    repairs: int = 0


class Converses(Protocol):
    """Whoever can have a dialogue with a model for a turn."""

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
        """The model's reply or why there is none, within the turn's time."""
