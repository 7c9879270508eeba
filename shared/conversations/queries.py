"""Every statement of a turn on a conversation: claim, commit, give back. Each is one round trip."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared.conversations.models import (
    Claim,
    ClaimedTurn,
    Commit,
    Configuration,
    EarlierMessage,
    HandedOver,
    Idle,
    InboundMessage,
    Scored,
    TurnTimes,
    Unsent,
    Waiting,
)
from shared.platform.database import Database

_CLAIM: Final = (
    "SELECT agents.claim_turn(:organization_id, :conversation_id, :lease, :max_attempts, :max_age, :history,"
    " :max_replies, :media_wait)"
)
_COMMIT: Final = (
    "SELECT agents.commit_turn(:organization_id, :conversation_id, :fence, :from_seq, :to_seq, CAST(:turn AS jsonb))"
)
_RELEASE: Final = (
    "SELECT agents.release_turn(:organization_id, :conversation_id, :fence, :error_code, CAST(:attempts AS jsonb))"
)


def claim_turn(database: Database, *, organization_id: UUID, conversation_id: UUID, times: TurnTimes) -> Claim:
    """Takes the conversation's next turn, or says what else there is to do for it."""
    rows = database.tenant_once(
        organization_id,
        _CLAIM,
        organization_id=organization_id,
        conversation_id=conversation_id,
        lease=times.lease,
        max_attempts=times.max_attempts,
        max_age=times.max_age,
        history=times.history,
        max_replies=times.max_replies,
        media_wait=times.media_wait,
    )
    return _claim(rows[0][0], organization_id=organization_id, conversation_id=conversation_id)


def _claim(found: dict[str, Any], *, organization_id: UUID, conversation_id: UUID) -> Claim:
    match found["kind"]:
        case "claimed":
            return _claimed_turn(found, organization_id=organization_id, conversation_id=conversation_id)
        case "unsent":
            return Unsent(outbox_ids=tuple(UUID(outbox_id) for outbox_id in found["outbox"]))
        case "waiting":
            return Waiting(at=datetime.fromisoformat(found["at"]))
        case "handed_over":
            return HandedOver(reason=found["reason"])
        case "scored":
            return Scored(score=found["score"], locale=found["locale"])
        case _:
            return Idle(reason=found["reason"])


def _claimed_turn(found: dict[str, Any], *, organization_id: UUID, conversation_id: UUID) -> ClaimedTurn:
    configuration = found["configuration"]
    agent = configuration["agent"]
    return ClaimedTurn(
        organization_id=organization_id,
        conversation_id=conversation_id,
        fence=found["fence"],
        from_seq=found["from_seq"],
        to_seq=found["to_seq"],
        attempt=found["attempt"],
        messages=tuple(
            InboundMessage(
                id=UUID(message["id"]),
                seq=message["seq"],
                type=message["type"],
                text=message["text"],
                reading=media_reading(message["readings"]),
                external_id=message["external_id"],
            )
            for message in found["messages"]
        ),
        history=tuple(EarlierMessage(said["sender"], said["text"], said["age"]) for said in found["history"]),
        configuration=Configuration(
            agent_id=UUID(agent["id"]),
            agent_settings=agent["configuration"] or {},
            model_settings=agent["model_configuration"] or {},
            organization_name=configuration["organization"]["name"],
            locale=configuration["organization"]["locale"],
            provider=configuration["connection"]["provider"],
            timezone=configuration["organization"]["timezone"],
            department_settings=configuration["department"]["configuration"] or {},
        ),
        recipient=found["recipient"],
        connection=configuration["connection"],
    )


def media_reading(readings: dict[str, Any] | None) -> str | None:
    """The words of a message's files, in order; `readings` is its metadata's `media_reading`: {ordinal: {text?, …}}."""
    by_place = sorted((readings or {}).items(), key=lambda item: int(item[0]))
    return "\n".join(reading["text"] for _, reading in by_place if reading.get("text")) or None


def commit_turn(database: Database, *, claimed: ClaimedTurn, turn: dict[str, Any]) -> Commit:
    """Ends the turn under its fence; `turn` is what agents.commit_turn documents, with values that JSON can hold."""
    rows = database.tenant_once(
        claimed.organization_id,
        _COMMIT,
        organization_id=claimed.organization_id,
        conversation_id=claimed.conversation_id,
        fence=claimed.fence,
        from_seq=claimed.from_seq,
        to_seq=claimed.to_seq,
        turn=json.dumps(turn, ensure_ascii=False),
    )
    verdict = rows[0][0]
    run_at = verdict.get("run_at")
    return Commit(result=verdict["result"], run_at=datetime.fromisoformat(run_at) if run_at else None)


def release_turn(
    database: Database, *, claimed: ClaimedTurn, error_code: str, attempts: Sequence[dict[str, Any]]
) -> datetime | None:
    """Gives a failed turn back; returns when to try again, None when it is not ours any more.

    `attempts` is what its model calls used, as agents.settle_attempts documents.
    """
    rows = database.tenant_once(
        claimed.organization_id,
        _RELEASE,
        organization_id=claimed.organization_id,
        conversation_id=claimed.conversation_id,
        fence=claimed.fence,
        error_code=error_code,
        attempts=json.dumps(attempts),
    )
    retry_at: datetime | None = rows[0][0]
    return retry_at
