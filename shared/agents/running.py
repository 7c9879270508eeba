"""Runs one run of an agent: claims it, does what its type does, ends it under its fence or gives it back.

However often this is called for one run, at once or again, and wherever it is killed: the run ends once.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.agents.run_queries import ClaimedRun, NoRun, RunTimes, claim_run, finish_run, release_run
from shared.agents.runs import RUNS, AgentRun, RunContext, RunResult
from shared.conversations.insistence import insist
from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.kit.ids import new_id
from shared.platform.database import Database
from shared.platform.logs import get_logger
from shared.tenants.configuration.checking import problems_of_agent
from shared.usage.ledger import Ledger, totals
from shared.usage.models import FinishedCall, SpendingLimitReached
from shared.usage.queries import Account, settlement

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What became of a run: completed, failed, waiting (until `next_at`), stale or idle; and why."""

    result: str
    reason: str | None = None
    next_at: datetime | None = None


def execute_run(
    database: Database,
    *,
    organization_id: UUID,
    run_id: UUID,
    runs: Mapping[str, AgentRun] = RUNS,
    times: RunTimes | None = None,
) -> RunReport:
    """Does one run if it is due and free. Raises Unavailable when the database is: nothing is lost then."""
    times = times or RunTimes()
    ends_at = time.monotonic() + times.timeout
    crash_point("R1")
    claimed = claim_run(database, organization_id=organization_id, run_id=run_id, execution_id=new_id(), times=times)
    if isinstance(claimed, NoRun):
        return _without(claimed)
    crash_point("R2")
    ledger = Ledger(database, account=_account(claimed))
    context = RunContext(
        database=database,
        organization_id=organization_id,
        run_id=run_id,
        agent=claimed.agent,
        trigger=claimed.trigger,
        calls=ledger,
        seconds_left=lambda: max(0.0, ends_at - time.monotonic()),
    )
    try:
        result = _work(context, runs)
        crash_point("R3")
        is_mine = insist(lambda: _finish(database, claimed, result, ledger.close()))
    except Exception as trouble:  # noqa: BLE001 - whatever a run raises, it is given back
        return _give_back(database, claimed, trouble, ledger.close(error_code=type(trouble).__name__), times)
    crash_point("R4")
    return RunReport(result="completed" if is_mine else "stale")


def _work(context: RunContext, runs: Mapping[str, AgentRun]) -> RunResult:
    agent = context.agent
    run = runs.get(agent.type)
    if run is None:
        raise Rejected("agent_without_run", f"agents of the type {agent.type!r} have nothing to run")
    if problems := problems_of_agent(agent.type, agent.configuration, agent.model_configuration):
        raise Rejected("configuration_unusable", "; ".join(problems))
    return run(context)


def _account(claimed: ClaimedRun) -> Account:
    return Account(
        organization_id=claimed.organization_id,
        conversation_id=None,
        agent_id=claimed.agent.id,
        execution_id=claimed.execution_id,
        fence=claimed.fence,
    )


def _finish(database: Database, claimed: ClaimedRun, result: RunResult, calls: Sequence[FinishedCall]) -> bool:
    total = totals(calls)
    record = {
        "summary": result.summary,
        "model": result.model,
        "tokens": total.usage.tokens,
        "input_tokens": total.usage.input_tokens,
        "output_tokens": total.usage.output_tokens,
        "cached_tokens": total.usage.cached_tokens,
        "cost_usd": None if total.cost_usd is None else str(total.cost_usd),
        "price_version": total.price_version,
        "attempts": [settlement(call) for call in calls],
    }

    def unit() -> bool:
        with database.tenant(claimed.organization_id) as session:
            is_mine = finish_run(session, claimed, record)
            if is_mine and result.write is not None:
                result.write(session)
            return is_mine

    return database.retrying(unit)


def _give_back(
    database: Database, claimed: ClaimedRun, trouble: Exception, calls: Sequence[FinishedCall], times: RunTimes
) -> RunReport:
    """Ends a try that failed, its calls accounted, and keeps only the kind of trouble.

    What is wrong for ever is not tried again.
    """
    match trouble:
        case Rejected():
            code, most = trouble.code, 0
        case SpendingLimitReached():
            code, most = "spending_limit", 0
        case _:
            code, most = type(trouble).__name__, times.max_attempts
    attempts = [settlement(call) for call in calls]
    given_back = insist(lambda: release_run(database, claimed, error_code=code, max_attempts=most, attempts=attempts))
    _log.error(
        "run failed",
        organization_id=str(claimed.organization_id),
        agent_id=str(claimed.agent.id),
        run_id=str(claimed.run_id),
        attempt=claimed.attempt,
        error=code,
        state=given_back.kind,
    )
    if isinstance(trouble, Unavailable):
        raise trouble
    return _without(given_back)


def _without(found: NoRun) -> RunReport:
    result = "stale" if found.reason == "stale" else found.kind
    return RunReport(result=result, reason=found.reason, next_at=found.at)
