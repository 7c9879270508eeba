"""The sweep's look at media: transfers that lost their worker or their task, and objects that must go."""

from typing import Any, Final

from sqlalchemy import text

from shared.kit.errors import Unavailable
from shared.media.wake_ups import Wakes, wake_cleaning, wake_transfer
from shared.platform.database import Database
from shared.platform.logs import get_logger

_log = get_logger(__name__)

_EXPIRE: Final = text("SELECT agents.expire_transfers(:batch)")
_TRANSFERS: Final = text(
    "SELECT organization_id, transfer_id FROM agents.transfers_to_wake(:grace, :per_organization, :in_all)"
)
_CLEANING: Final = text("SELECT organization_id FROM agents.media_to_clean(:grace, :in_all)")

BATCH: Final = 1000
GRACE_SECONDS: Final = 10.0  # what became due this long ago has had its own wake-up
CLEANING_GRACE_SECONDS: Final = 60.0
PER_ORGANIZATION: Final = 50
IN_ALL: Final = 500


def look_after_media(
    database: Database, *, queue: Wakes, media_url: str, grace: float = GRACE_SECONDS
) -> dict[str, Any]:
    """One look; returns counts. What cannot be woken is found by the next sweep."""
    with database.system() as session:
        expired = session.execute(_EXPIRE, {"batch": BATCH}).scalar_one()
        limits = {"grace": grace, "per_organization": PER_ORGANIZATION, "in_all": IN_ALL}
        transfers = session.execute(_TRANSFERS, limits).all()
        cleaning = session.execute(
            _CLEANING, {"grace": min(grace * 6, CLEANING_GRACE_SECONDS), "in_all": IN_ALL}
        ).scalars()
        organizations = list(cleaning)
    counts = {"expired": expired, "transfers": len(transfers), "cleanings": len(organizations), "woken": 0}
    try:
        for row in transfers:
            wake_transfer(
                queue,
                url=media_url,
                organization_id=row.organization_id,
                transfer_id=row.transfer_id,
                at=None,
                reason=None,
            )
            counts["woken"] += 1
        for organization_id in organizations:
            wake_cleaning(queue, url=media_url, organization_id=organization_id)
            counts["woken"] += 1
    except Unavailable as away:
        _log.warning("media left to the next sweep", reason=away.message)
    return counts
