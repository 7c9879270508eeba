"""Runs what a conversation needs now: sends what waits, takes the next turn, answers, commits under its fence, sends.

No transaction is open while a responder or a provider works: each step's database work is one statement of its own.
At most one reply per burst, however often this runs for one conversation, at once or again, and wherever it is killed.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.agents.handoff_notices import tell_customer
from shared.agents.opt_out import opt_out_answer
from shared.agents.person_called import with_person_called
from shared.agents.records import reply_parts, turn_record
from shared.agents.responder import Answer, Responder, SpendingLimitReached, Turn
from shared.agents.review import reviewed
from shared.agents.wording import wording
from shared.channels.payloads import text_payload
from shared.channels.queueing import queue_message
from shared.channels.sending import Sender, SendReport, SendTimes, send_outbox
from shared.conversations.insistence import insist
from shared.conversations.models import ClaimedTurn, Commit, HandedOver, Scored, TurnTimes, Unsent, Waiting
from shared.conversations.queries import claim_turn, commit_turn, release_turn
from shared.kit.clock import utc_now
from shared.kit.crash_points import crash_point
from shared.kit.errors import Unavailable
from shared.kit.ids import new_id
from shared.platform.database import Database
from shared.platform.logs import get_logger
from shared.usage.ledger import Ledger
from shared.usage.queries import Account, settlement

# What follows without a pause is done in one run; a customer who never stops is the next run's work.
_MOST_STEPS: Final = 6

# What is done for the customer's eyes while an answer is made, and ends with it.
Attend = Callable[[ClaimedTurn], AbstractContextManager[object]]

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TurnReport:
    """What a run did last and why, how many messages the provider accepted, and when another run is needed."""

    result: str
    reason: str | None = None
    accepted: int = 0
    next_at: datetime | None = None


def run_turn(  # noqa: PLR0913 - the run's dependencies, by name
    database: Database,
    *,
    organization_id: UUID,
    conversation_id: UUID,
    responder: Responder,
    sender: Sender,
    times: TurnTimes,
    attend: Attend = nullcontext,
) -> TurnReport:
    """Does what is due for one conversation. Raises Unavailable when the database is: nothing is lost then."""
    accepted = 0
    run = _Run(database, responder, sender, times, attend, ends_at=time.monotonic() + times.timeout)
    for _ in range(_MOST_STEPS):
        report = _step(run, organization_id, conversation_id)
        accepted += report.accepted
        if not _has_more(report):
            return replace(report, accepted=accepted)
        if time.monotonic() > run.ends_at:
            break
    # the queue stops listening soon: what is left has a run of its own
    return replace(report, accepted=accepted, next_at=utc_now())


@dataclass(frozen=True, slots=True)
class _Run:
    """What the steps of one run share; it ends at `ends_at` (monotonic seconds)."""

    database: Database
    responder: Responder
    sender: Sender
    times: TurnTimes
    attend: Attend
    ends_at: float

    def seconds_left(self) -> float:
        return max(0.0, self.ends_at - time.monotonic())


def _step(run: _Run, organization_id: UUID, conversation_id: UUID) -> TurnReport:
    """One claim and what it asks for."""
    crash_point("K1")
    claim = claim_turn(run.database, organization_id=organization_id, conversation_id=conversation_id, times=run.times)
    match claim:
        case ClaimedTurn():
            return _take_turn(run, claim)
        case Unsent():
            return _send(run, organization_id, claim.outbox_ids)
        case Waiting():
            return TurnReport(result="waiting", next_at=claim.at)
        case HandedOver():
            ids = {"organization_id": str(organization_id), "conversation_id": str(conversation_id)}
            _log.warning("conversation handed over", reason=claim.reason, **ids)
            return _tell(run, organization_id, conversation_id, reason=claim.reason)
        case Scored():
            return _thank(run, organization_id, conversation_id, locale=claim.locale)
        case _:
            return TurnReport(result="idle", reason=claim.reason)


def _tell(run: _Run, organization_id: UUID, conversation_id: UUID, *, reason: str) -> TurnReport:
    """Says that a person was called, where no answer did. The sweep says it when this run ends early."""
    told = tell_customer(run.database, organization_id=organization_id, conversation_id=conversation_id)
    sent = _send(run, organization_id, [told]) if told else TurnReport(result="nothing_said")
    return TurnReport(result="handed_over", reason=reason, accepted=sent.accepted, next_at=sent.next_at)


def _thank(run: _Run, organization_id: UUID, conversation_id: UUID, *, locale: str | None) -> TurnReport:
    """Thanks for a score; one that gets lost is not worth another try."""
    payload = text_payload(wording(locale).survey_thanks)
    parts = queue_message(
        run.database, organization_id=organization_id, conversation_id=conversation_id, kind="survey", payload=payload
    )
    sent = _send(run, organization_id, [part.outbox_id for part in parts])
    return TurnReport(result="scored", accepted=sent.accepted, next_at=sent.next_at)


def _has_more(report: TurnReport) -> bool:
    """Whether the next claim can do something at once: old replies are out of the way, or the next turn is due."""
    if report.next_at is not None:
        return report.result != "waiting" and report.next_at <= utc_now()
    # stale: another worker was faster, or our own commit's answer was lost and its replies wait to be sent
    return report.result in {"sent", "cancelled", "held", "stale"}


def _take_turn(run: _Run, claimed: ClaimedTurn) -> TurnReport:
    """Answers, commits and sends one claimed turn."""
    crash_point("K2")
    execution_id = new_id()
    started_at, started = utc_now(), time.monotonic()
    ledger = Ledger(run.database, account=_account(claimed, execution_id))
    turn = Turn(claimed=claimed, calls=ledger, seconds_left=run.seconds_left)
    try:
        with run.attend(claimed):
            answer = with_person_called(_answer(run.responder, turn), claimed.configuration, now=utc_now())
            answer = reviewed(run.responder, turn, answer)
        parts = reply_parts(claimed, answer)
    except Exception as trouble:  # noqa: BLE001 - whatever a responder raises, the turn is given back
        return _give_back(run.database, claimed, ledger, trouble)
    crash_point("K3")
    record = turn_record(
        claimed,
        answer,
        execution_id=execution_id,
        started_at=started_at,
        latency_ms=int((time.monotonic() - started) * 1000),
        parts=parts,
        calls=ledger.close(),
        times=run.times,
    )
    commit = insist(lambda: commit_turn(run.database, claimed=claimed, turn=record))
    crash_point("K4")
    return _after_commit(run, claimed, answer, commit, outbox_ids=[part.outbox_id for part in parts])


def _account(claimed: ClaimedTurn, execution_id: UUID) -> Account:
    return Account(
        organization_id=claimed.organization_id,
        execution_id=execution_id,
        conversation_id=claimed.conversation_id,
        agent_id=claimed.configuration.agent_id,
        fence=claimed.fence,
    )


def _answer(responder: Responder, turn: Turn) -> Answer:
    """The responder's answer, or a person's help when it would cost more than the organization allows.

    Nothing is said to who took everything back, or wants no more messages. What the responder has called before it met
    the limit is accounted with what it used.
    """
    if not turn.claimed.messages:
        return Answer(text=None, model="rules", details={"rule": "all_taken_back"})
    if silent := opt_out_answer(turn.claimed.messages):
        return silent
    try:
        return responder.answer(turn)
    except SpendingLimitReached:
        return Answer(text=None, abstained=True, reason="spending_limit", model="rules")


def _after_commit(
    run: _Run, claimed: ClaimedTurn, answer: Answer, commit: Commit, *, outbox_ids: Sequence[UUID]
) -> TurnReport:
    if commit.result != "committed":
        return TurnReport(result=commit.result, next_at=commit.run_at)
    outcome = "abstained" if answer.abstained else "answered"
    if not outbox_ids:
        return TurnReport(result=outcome, next_at=commit.run_at)
    sent = _send(run, claimed.organization_id, outbox_ids)
    if sent.result != "sent":
        return sent
    return TurnReport(result=outcome, reason=answer.reason, accepted=sent.accepted, next_at=commit.run_at)


def _send(run: _Run, organization_id: UUID, outbox_ids: Sequence[UUID]) -> TurnReport:
    """Sends waiting replies: 'sent' when the last of them was accepted, else the state of the one that stopped it."""
    sent: SendReport = send_outbox(
        run.database,
        organization_id=organization_id,
        outbox_ids=outbox_ids,
        sender=run.sender,
        times=SendTimes(max_age=run.times.max_age, quiet=run.times.quiet, ends_at=run.ends_at),
    )
    result = "sent" if sent.state == "accepted" else sent.state
    return TurnReport(result=result, reason=sent.reason, accepted=sent.accepted, next_at=sent.next_at)


def _give_back(database: Database, claimed: ClaimedTurn, ledger: Ledger, trouble: Exception) -> TurnReport:
    """Ends the lease of a turn that failed, its calls accounted.

    Only the kind of trouble is kept: its text may quote the customer.
    """
    code = type(trouble).__name__
    attempts = [settlement(call) for call in ledger.close(error_code=code)]
    retry_at = release_turn(database, claimed=claimed, error_code=code, attempts=attempts)
    _log.error(
        "turn failed",
        organization_id=str(claimed.organization_id),
        conversation_id=str(claimed.conversation_id),
        attempt=claimed.attempt,
        error=code,
    )
    if isinstance(trouble, Unavailable):
        raise trouble
    return TurnReport(result="failed", reason=code, next_at=retry_at)
