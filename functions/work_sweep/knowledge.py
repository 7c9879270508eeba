"""The sweep's look at knowledge: work that lost its worker or its task, and usage that is due to be derived."""

from typing import Any, Final

from sqlalchemy import text

from shared.kit.errors import Unavailable
from shared.knowledge.ingestion.wake_ups import Wakes, wake_derivation, wake_ingestion
from shared.platform.database import Database
from shared.platform.logs import get_logger

_log = get_logger(__name__)

_EXPIRE: Final = text("SELECT agents.expire_ingestions(:batch)")
_INGESTIONS: Final = text(
    "SELECT organization_id, ingestion_id FROM agents.ingestions_to_wake(:grace, :per_organization, :in_all)"
)
_DERIVATIONS: Final = text("SELECT organization_id FROM agents.knowledge_to_derive(:in_all)")

BATCH: Final = 1000
GRACE_SECONDS: Final = 10.0  # what became due this long ago has had its own wake-up
PER_ORGANIZATION: Final = 20  # a hundred documents of one business do not stand before the one of another
IN_ALL: Final = 200


def look_after_knowledge(
    database: Database, *, queue: Wakes, knowledge_url: str, grace: float = GRACE_SECONDS
) -> dict[str, Any]:
    """One look; returns counts. What cannot be woken is found by the next sweep."""
    with database.system() as session:
        expired = session.execute(_EXPIRE, {"batch": BATCH}).scalar_one()
        limits = {"grace": grace, "per_organization": PER_ORGANIZATION, "in_all": IN_ALL}
        ingestions = session.execute(_INGESTIONS, limits).all()
        derivations = list(session.execute(_DERIVATIONS, {"in_all": IN_ALL}).scalars())
    counts = {"expired": expired, "ingestions": len(ingestions), "derivations": len(derivations), "woken": 0}
    try:
        for row in ingestions:
            wake_ingestion(
                queue,
                url=knowledge_url,
                organization_id=row.organization_id,
                ingestion_id=row.ingestion_id,
                at=None,
                reason=None,
            )
            counts["woken"] += 1
        for organization_id in derivations:
            wake_derivation(queue, url=knowledge_url, organization_id=organization_id)
            counts["woken"] += 1
    except Unavailable as away:
        _log.warning("knowledge left to the next sweep", reason=away.message)
    return counts
