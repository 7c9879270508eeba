"""What is written when a turn ends: the reply in parts that the channel takes, and the record that explains it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.agents.responder import Answer
from shared.channels.payloads import text_payload
from shared.channels.text_parts import TEXT_LIMITS, split_text
from shared.conversations.models import ClaimedTurn, ReplyPart, TurnTimes
from shared.kit.ids import new_id
from shared.kit.text import clean_text
from shared.usage.ledger import totals
from shared.usage.models import FinishedCall
from shared.usage.queries import settlement

# as many as a customer may get for one burst
MOST_PARTS: Final = 8


def reply_parts(claimed: ClaimedTurn, answer: Answer) -> tuple[ReplyPart, ...]:
    """The answer's text as messages, in order; none when it says nothing.

    Raises ValueError for an answer of more than MOST_PARTS messages: the gates stop what is too long before.
    """
    if not answer.text:
        return ()
    text, _ = clean_text(answer.text)
    _, measure = TEXT_LIMITS[claimed.configuration.provider]
    texts = split_text(text, limit=message_limit(claimed), measure=measure)
    if len(texts) > MOST_PARTS:
        raise ValueError(f"the answer has {len(texts)} messages; at most {MOST_PARTS} are sent")
    return tuple(
        ReplyPart(
            outbox_id=new_id(),
            message_id=new_id(),
            kind="handoff" if answer.abstained else "reply",
            text=part,
            payload=text_payload(part),
        )
        for part in texts
    )


def message_limit(claimed: ClaimedTurn) -> int:
    """What one message may hold, in the channel's measure; the agent's setting `message_limit` may be less."""
    limit, _ = TEXT_LIMITS[claimed.configuration.provider]
    wanted = claimed.configuration.agent_settings.get("message_limit")
    return wanted if isinstance(wanted, int) and 0 < wanted < limit else limit


def turn_record(  # noqa: PLR0913 - the columns of one row
    claimed: ClaimedTurn,
    answer: Answer,
    *,
    execution_id: UUID,
    started_at: datetime,
    latency_ms: int,
    parts: Sequence[ReplyPart],
    calls: Sequence[FinishedCall],
    times: TurnTimes,
) -> dict[str, Any]:
    """The argument of agents.commit_turn: what explains the turn later and is not stored elsewhere."""
    total = totals(calls)
    outcome = "abstained" if answer.abstained else "answered" if parts else "no_reply"
    return {
        "execution_id": str(execution_id),
        "agent_id": str(claimed.configuration.agent_id),
        "started_at": started_at.isoformat(),
        "latency_ms": latency_ms,
        "outcome": outcome,
        "handoff_reason": (answer.reason or "abstained") if answer.abstained else None,
        "opted_out": answer.opted_out,
        **_understanding(answer),
        "prompt": answer.prompt,
        "model": answer.model,
        "tokens": total.usage.tokens,
        "input_tokens": total.usage.input_tokens,
        "output_tokens": total.usage.output_tokens,
        "cached_tokens": total.usage.cached_tokens,
        # as text, because JSON's numbers are not exact
        "cost_usd": None if total.cost_usd is None else str(total.cost_usd),
        "price_version": total.price_version,
        "quiet_seconds": times.quiet,
        "ceiling_seconds": times.ceiling,
        "input": _input(claimed),
        "output": _output(answer, parts),
        "parts": [_part(part) for part in parts],
        "attempts": [settlement(call) for call in calls],
    }


def _understanding(answer: Answer) -> dict[str, Any]:
    """What is kept with the messages that were answered; nothing when nobody tried to understand them."""
    understood = answer.understanding
    if understood is None:
        return {}
    return {
        "understanding": {
            "intent": understood.intent,
            "sentiment": understood.sentiment,
            "confidence": understood.confidence,
            "entities": [dict(entity) for entity in understood.entities],
        }
    }


def _input(claimed: ClaimedTurn) -> dict[str, Any]:
    """What the answer was made from."""
    return {
        "message_ids": [str(message.id) for message in claimed.messages],
        "history_length": len(claimed.history),
        "model_configuration": claimed.configuration.model_settings,
        "locale": claimed.configuration.locale,
    }


def _output(answer: Answer, parts: Sequence[ReplyPart]) -> dict[str, Any]:
    """What was answered, and on what grounds; the text is in the messages."""
    return {
        "chunk_ids": list(answer.chunk_ids),
        "scores": list(answer.scores),
        "abstained": answer.abstained,
        "reason": answer.reason,
        "message_ids": [str(part.message_id) for part in parts],
        **answer.details,
    }


def _part(part: ReplyPart) -> dict[str, Any]:
    return {
        "outbox_id": str(part.outbox_id),
        "message_id": str(part.message_id),
        "kind": part.kind,
        "text": part.text,
        "payload": part.payload,
    }
