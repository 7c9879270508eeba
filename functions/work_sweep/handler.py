"""The steps of one sweep: settle what is stuck, find what should be moving, wake it."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sqlalchemy import text

from functions.work_sweep.states import overdue_statement
from shared.channels.queueing import wake_delivery
from shared.conversations.repair import Sleeper, SweepTimes, begin_sweep, find_sleepers, settle
from shared.conversations.wake_ups import Wakes, wake_conversation
from shared.kit.errors import Unavailable
from shared.platform.database import Database
from shared.platform.logs import get_logger

_log = get_logger(__name__)

# A call to Cloud Tasks takes 5 to 20 ms; a sweep's wake-ups by 8 threads end well within the function's 60 s.
_WAKE_THREADS: Final = 8
# What message_delivery does, not a turn; see agents.conversations_to_wake.
_DELIVERIES: Final = frozenset({"undelivered", "unsettled"})


def sweep(database: Database, *, queue: Wakes, turn_url: str, delivery_url: str, times: SweepTimes) -> dict[str, Any]:
    """One sweep; returns its counts. Two at once are harmless: the second finds the lock taken and skips."""
    with database.system() as session:
        if not begin_sweep(session):
            return {"skipped": "another sweep is running"}
        counts = settle(session, times)
        sleepers = find_sleepers(session, times)
        overdue = {name: rows for name, rows in session.execute(text(overdue_statement())) if rows}
    for name, rows in overdue.items():
        _log.error("rows are stuck in a state", state=name, rows=rows)
    woken = _wake(sleepers, queue=queue, turn_url=turn_url, delivery_url=delivery_url)
    reasons = Counter(sleeper.reason for sleeper in sleepers)
    result = {**counts, "found": len(sleepers), "woken": woken, "reasons": dict(reasons), "overdue": overdue}
    _log.info("sweep done", **result)
    return result


def _wake(sleepers: Sequence[Sleeper], *, queue: Wakes, turn_url: str, delivery_url: str) -> int:
    """Wakes the conversations; returns how many. What fails is found by the next sweep."""

    def wake(sleeper: Sleeper) -> bool:
        try:
            if sleeper.reason in _DELIVERIES:
                wake_delivery(
                    queue,
                    url=delivery_url,
                    organization_id=sleeper.organization_id,
                    conversation_id=sleeper.conversation_id,
                )
            else:
                wake_conversation(
                    queue,
                    url=turn_url,
                    organization_id=sleeper.organization_id,
                    conversation_id=sleeper.conversation_id,
                    at=None,
                    reason=None,
                )
        except Unavailable as away:
            _log.warning(
                "wake-up left to the next sweep", conversation_id=str(sleeper.conversation_id), reason=str(away)
            )
            return False
        return True

    if not sleepers:
        return 0
    with ThreadPoolExecutor(max_workers=_WAKE_THREADS, thread_name_prefix="wake-ups") as threads:
        return sum(threads.map(wake, sleepers))
