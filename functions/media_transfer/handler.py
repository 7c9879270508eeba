"""The steps of one task: read what it asks for, do it, ask for the next attempt."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.media.comparing import compare_if_due
from shared.media.deleting import delete_marked, delete_media_taken_back
from shared.media.models import TransferReport
from shared.media.transfers import Means, run_transfer
from shared.media.wake_ups import Wakes, wake_cleaning, wake_transfer
from shared.platform.logs import get_logger

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a task asks for: one transfer, or (None) the cleaning of an organization's objects."""

    organization_id: UUID
    transfer_id: UUID | None


def read_task(payload: object) -> Asked:
    """What the task asks for. Raises Rejected when it does not say."""
    if not isinstance(payload, dict):
        raise Rejected("bad_task", "the task's body is not an object with organization_id and transfer_id")
    try:
        organization_id = UUID(str(payload["organization_id"]))
        if payload.get("work") == "clean":
            return Asked(organization_id, None)
        return Asked(organization_id, UUID(str(payload["transfer_id"])))
    except (KeyError, ValueError) as wrong:
        raise Rejected("bad_task", "the task needs the uuids organization_id and transfer_id") from wrong


def execute(payload: object, *, task_name: str | None, means: Means, queue: Wakes, own_url: str) -> dict[str, Any]:
    """Do what the task asks for and return what was done, for the log.

    Raises Rejected for a task that can never be done, Unavailable when the queue must bring it again.
    """
    asked = read_task(payload)
    if asked.transfer_id is None:
        return _clean(asked.organization_id, means=means, queue=queue, own_url=own_url)
    report = run_transfer(means, organization_id=asked.organization_id, transfer_id=asked.transfer_id)
    crash_point("media-done")
    _wake_later(report, asked.organization_id, asked.transfer_id, queue=queue, own_url=own_url, task_name=task_name)
    _log.info(
        "media run done",
        organization_id=str(asked.organization_id),
        transfer_id=str(asked.transfer_id),
        state=report.state,
        code=report.code,
    )
    return {"state": report.state, "code": report.code}


def _clean(organization_id: UUID, *, means: Means, queue: Wakes, own_url: str) -> dict[str, Any]:
    delete_media_taken_back(means.database, organization_id=organization_id)
    deleted, more = delete_marked(
        means.database, organization_id=organization_id, storage=means.storage, bucket=means.bucket
    )
    orphans, missing = compare_if_due(
        means.database, organization_id=organization_id, storage=means.storage, bucket=means.bucket
    )
    counts = {"deleted": deleted, "orphans": orphans, "missing": missing}
    _log.info("media cleaned", organization_id=str(organization_id), **counts)
    if more:
        try:
            wake_cleaning(queue, url=own_url, organization_id=organization_id)
        except Unavailable as away:
            _log.warning("cleaning left to the sweep", reason=away.message)
    return counts


def _wake_later(  # noqa: PLR0913 - what a task is made of
    report: TransferReport,
    organization_id: UUID,
    transfer_id: UUID,
    *,
    queue: Wakes,
    own_url: str,
    task_name: str | None,
) -> None:
    """Ask for the next attempt. A queue that is away is no reason to repeat this one: the sweep finds what waits."""
    if report.next_at is None:
        return
    try:
        wake_transfer(
            queue,
            url=own_url,
            organization_id=organization_id,
            transfer_id=transfer_id,
            at=report.next_at,
            # never the name of the task that runs now: that one counts as existing until hours after it is done
            reason=f"{report.next_at.isoformat()}|after {task_name}",
        )
    except Unavailable as away:
        _log.warning("attempt left to the sweep", transfer_id=str(transfer_id), reason=away.message)
