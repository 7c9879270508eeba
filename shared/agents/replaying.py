"""Runs an execution again from its record, without a model, a search or a provider, and says what it decides (A-14).

The model is one that says what the record holds of its reply; the searches find what they found. So a rule that was
changed since shows what it would have changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from shared.agents.extractive import ExtractiveResponder
from shared.agents.model_responder import ModelResponder
from shared.agents.models.names import ModelChoice, ModelName, model_name
from shared.agents.models.outcome import Outcome
from shared.agents.reply_schema import Reply
from shared.agents.responder import Answer, Turn
from shared.agents.tools import Desk
from shared.conversations.executions import ExecutionRecord
from shared.conversations.models import ClaimedTurn, Configuration, InboundMessage
from shared.conversations.queries import media_reading
from shared.knowledge.models import Passage, Retrieval

_NOBODY: Final = UUID(int=0)
_NOTHING: Final = Retrieval(passages=(), best_score=0.0, above_threshold=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a turn decided: whether a person goes on and why, and which passages the reply stands on."""

    abstained: bool
    reason: str | None
    used: tuple[str, ...]


def decision_of(answer: Answer) -> Decision:
    """What an answer decides, before the gates."""
    used = answer.details.get("used")
    return Decision(answer.abstained, answer.reason, tuple(used) if isinstance(used, list) else ())


def recorded_decision(record: ExecutionRecord) -> Decision:
    """What the execution decided, before the gates."""
    kept = record.output["decision"]
    return Decision(kept["abstained"], kept["reason"], tuple(record.output.get("used", ())))


def replay(record: ExecutionRecord) -> Decision:
    """What the same execution decides today. Raises LookupError for a record of rules, which decide without one."""
    if "searches" not in record.output:
        raise LookupError("the record has no searches: it was not written by a responder over the knowledge")
    found = _Recorded(record)
    turn = Turn(claimed=_claimed(record), calls=found, seconds_left=lambda: float("inf"))
    if "models" not in record.output:
        return decision_of(ExtractiveResponder(retrieve=found.retrieve).answer(turn))
    responder = ModelResponder(retrieve=found.retrieve, service=found, choice=_choice(record.output))
    return decision_of(responder.answer(turn))


class _Recorded:
    """In the place of searches, models and ledger: what they said then, in the same order."""

    def __init__(self, record: ExecutionRecord) -> None:
        self._record = record
        self._searches = [_retrieval(one, record.chunks) for one in record.output["searches"]]
        self._next = 0

    def retrieve(self, organization_id: UUID, question: str) -> Retrieval:
        del organization_id, question  # the searches come in the order in which they were made
        self._next += 1
        return self._searches[self._next - 1] if self._next <= len(self._searches) else _NOTHING

    def converse(self, turn: Turn, choice: ModelChoice, *, desk: Desk, **_: object) -> Outcome:
        """What the model said, after the searches that it had asked for."""
        del turn
        while self._next < len(self._searches):
            desk.look_up(f"search {self._next + 1}")
        output = self._record.output
        return Outcome(
            reply=_reply(self._record),
            failure=output["failure"],
            cause=output["failure_cause"],
            model=self._record.model or str(choice.primary),
            attempts=output["attempts"],
            repairs=output["repairs"],
        )

    def start(self, **_: object) -> Any:
        raise AssertionError("a replay makes no call")

    def finish(self, *_: object, **__: object) -> None:
        raise AssertionError("a replay makes no call")


def _reply(record: ExecutionRecord) -> Reply | None:
    """The model's reply; its text is that of the messages, or something when none of it was sent."""
    kept = record.output["reply"]
    if kept is None:
        return None
    said = "\n\n".join(text for text in record.said if text) or "(not kept)"
    return Reply.model_construct(**{**kept, "text": said if kept["said_something"] else "", "entities": []})


def _retrieval(kept: Mapping[str, Any], chunks: Mapping[str, str]) -> Retrieval:
    passages = tuple(
        Passage(UUID(chunk_id), _NOBODY, "", chunks.get(chunk_id, ""), score, None, None)
        for chunk_id, score in zip(kept["chunk_ids"], kept["scores"], strict=True)
    )
    return Retrieval(passages, kept["best_score"], kept["above_threshold"])


def _choice(output: Mapping[str, Any]) -> ModelChoice:
    primary, *others = [model_name(name) or ModelName("openai", "unknown") for name in output["models"]]
    parameters = output["parameters"]
    return ModelChoice(primary, others[0] if others else None, parameters["temperature"], parameters["max_tokens"])


def _claimed(record: ExecutionRecord) -> ClaimedTurn:
    """The turn as it was claimed, as far as a decision needs it: without telephone number and connection."""
    return ClaimedTurn(
        organization_id=record.organization_id,
        conversation_id=record.conversation_id,
        fence=0,
        from_seq=record.from_seq,
        to_seq=record.to_seq,
        attempt=1,
        messages=tuple(
            InboundMessage(
                id=UUID(message["id"]),
                seq=message["seq"],
                type=message["type"],
                text=message["text"],
                reading=media_reading(message["readings"]),
            )
            for message in record.messages
        ),
        history=(),
        configuration=Configuration(
            agent_id=record.agent_id,
            agent_settings={},
            model_settings=record.input["model_configuration"],
            organization_name=record.organization_name,
            locale=record.input["locale"],
            provider="whatsapp",
        ),
        recipient="",
        connection={},
    )
