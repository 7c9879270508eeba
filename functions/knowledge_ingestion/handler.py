"""The steps of one task: read what it asks for, do it, ask for the next attempt."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.knowledge.ingestion.wake_ups import Wakes, wake_ingestion
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from shared.knowledge.ingestion.models import IngestionReport
    from shared.knowledge.ingestion.running import Means

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task asks for: one piece of work, or (None) that the use of an organization's entries is derived."""

    organization_id: UUID
    ingestion_id: UUID | None


def read_task(payload: object) -> Asked:
    """What the task asks for. Raises Rejected when it does not say."""
    if not isinstance(payload, dict):
        raise Rejected("bad_task", "the task's body is not an object with organization_id and ingestion_id")
    try:
        organization_id = UUID(str(payload["organization_id"]))
        if payload.get("work") == "derive":
            return Asked(organization_id, None)
        return Asked(organization_id, UUID(str(payload["ingestion_id"])))
    except (KeyError, ValueError) as wrong:
        raise Rejected("bad_task", "the task needs the uuids organization_id and ingestion_id") from wrong


def execute(payload: object, *, task_name: str | None, means: "Means", queue: Wakes, own_url: str) -> dict[str, Any]:
    """Do what the task asks for and return what was done, for the log.

    Raises Rejected for a task that can never be done, Unavailable when the queue must bring it again.
    """
    from shared.knowledge.ingestion.running import run_ingestion  # noqa: PLC0415 (numpy: a start does not wait for it)
    from shared.knowledge.usage import derive_usage_if_due  # noqa: PLC0415 (idem)

    asked = read_task(payload)
    if asked.ingestion_id is None:
        entries = derive_usage_if_due(means.database, asked.organization_id)
        return {"entries": entries}
    report = run_ingestion(means, organization_id=asked.organization_id, ingestion_id=asked.ingestion_id)
    crash_point("knowledge-done")
    _wake_later(report, asked.organization_id, asked.ingestion_id, queue=queue, own_url=own_url, task_name=task_name)
    _log.info(
        "knowledge run done",
        organization_id=str(asked.organization_id),
        ingestion_id=str(asked.ingestion_id),
        state=report.state,
        code=report.code,
        chunks=report.chunks,
    )
    return {"state": report.state, "code": report.code, "chunks": report.chunks}


def _wake_later(  # noqa: PLR0913 - what a task is made of
    report: "IngestionReport",
    organization_id: UUID,
    ingestion_id: UUID,
    *,
    queue: Wakes,
    own_url: str,
    task_name: str | None,
) -> None:
    """Ask for the next attempt. A queue that is away is no reason to repeat this one: the sweep finds what waits."""
    if report.next_at is None:
        return
    try:
        wake_ingestion(
            queue,
            url=own_url,
            organization_id=organization_id,
            ingestion_id=ingestion_id,
            at=report.next_at,
            # never the name of the task that runs now: that one counts as existing until hours after it is done
            reason=f"{report.next_at.isoformat()}|after {task_name}",
        )
    except Unavailable as away:
        _log.warning("attempt left to the sweep", ingestion_id=str(ingestion_id), reason=away.message)
