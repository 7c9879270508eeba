"""The sweep's look at hand-overs: customers told, people reminded, and back to the AI what people have left alone."""

from typing import Any, Final

from sqlalchemy import text

from shared.agents.handoff_notices import MOVES, QUEUE_NOTICE, Move, notice
from shared.kit.clock import utc_now
from shared.platform.database import Database, SystemSession
from shared.platform.logs import get_logger

_log = get_logger(__name__)

_RETURN: Final = text("SELECT agents.return_quiet_handoffs(:max_age, :batch)")
_ALERT: Final = text("SELECT agents.alert_handoff(:organization_id, :handoff_id, :opens_at)")
_MOVES: Final = text(MOVES)
_QUEUE_NOTICE: Final = text(QUEUE_NOTICE)

BATCH: Final = 200
GRACE_SECONDS: Final = 10.0  # the run that made a hand-over tells the customer by itself


def look_after_handoffs(
    database: Database, *, max_age: float, batch: int = BATCH, grace: float = GRACE_SECONDS
) -> dict[str, Any]:
    """One look; returns counts. What is said waits in the outbox, where the sweep finds it.

    Args:
        database: as the worker role.
        max_age: seconds after which a message is a person's, so that time does not give it back.
        batch: hand-overs that one look moves; the rest is the next one's.
        grace: seconds for which a new hand-over is left to the run that made it.
    """
    with database.system() as session:
        returned = session.execute(_RETURN, {"max_age": max_age, "batch": batch}).scalar_one()
    counts = {"returned": returned, "told": 0, "alerted": 0, "updated": 0}
    with database.system() as session:
        rows = session.execute(_MOVES, {"conversation_id": None, "grace": grace, "batch": batch}).all()
        for move in map(Move.of, rows):
            if move.what == "alert":
                counts["alerted"] += _alert(session, move)
            else:
                _, values = notice(move, now=utc_now())
                queued = session.execute(_QUEUE_NOTICE, values).scalar_one()
                counts["told" if move.what == "tell" else "updated"] += queued
    return counts


def _alert(session: SystemSession, move: Move) -> bool:
    """Reminds people of a customer who waits too long; while the business is closed the waiting begins later."""
    now = utc_now()
    values = {
        "organization_id": move.organization_id,
        "handoff_id": move.handoff_id,
        "opens_at": move.business.opens_at(now),
    }
    alerted = bool(session.execute(_ALERT, values).scalar_one())
    if alerted:
        _log.error(
            "a customer waits for a person and nobody has come",
            organization_id=str(move.organization_id),
            conversation_id=str(move.conversation_id),
            reason=move.reason,
            waited_minutes=round((now - move.requested_at).total_seconds() / 60),
        )
    return alerted
