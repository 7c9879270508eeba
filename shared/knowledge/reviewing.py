"""Which entries a person should look at: those past their date, which no answer uses, and what nobody saw for long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import text

from shared.kit.errors import Rejected
from shared.platform.database import Database

DEFAULT_DAYS: Final = 180
MOST_DAYS: Final = 3650

_LIST: Final = """
    SELECT coalesce(nullif(entry.source_path, ''), entry.id::text) AS name,
           entry.title, entry.valid_until, entry.reviewed_at, entry.access_count,
           coalesce(entry.reviewed_at, entry.created_at) + make_interval(days => coalesce(setting.review_days, :days))
               AS due_at,
           coalesce(entry.valid_until <= now(), false) AS is_expired
    FROM platform.knowledge_base AS entry
    LEFT JOIN platform.knowledge_settings AS setting ON setting.organization_id = entry.organization_id
    WHERE entry.status = 'active'
      AND (entry.valid_until <= now()
           OR coalesce(entry.reviewed_at, entry.created_at)
              <= now() - make_interval(days => coalesce(setting.review_days, :days)))
    ORDER BY is_expired DESC, coalesce(entry.valid_until, entry.reviewed_at, entry.created_at), name"""
_REVIEWED: Final = text("""
    UPDATE platform.knowledge_base SET reviewed_at = now(), reviewed_by = :user_id
    WHERE organization_id = :organization_id AND status = 'active'
      AND coalesce(nullif(source_path, ''), id::text) = ANY (CAST(:paths AS text[]))
    RETURNING coalesce(nullif(source_path, ''), id::text)""")
_SET_DAYS: Final = """
    UPDATE platform.knowledge_settings SET review_days = :days WHERE organization_id = :organization_id RETURNING 1"""

Reason = Literal["expired", "due"]


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An entry to look at: `expired`, so that no answer uses it, or `due` since `due_at`.

    `path` is the entry's source, or the id of one that has none (a question that people answered).
    """

    path: str
    title: str
    reason: Reason
    valid_until: datetime | None
    reviewed_at: datetime | None
    due_at: datetime
    uses: int


def review_list(database: Database, organization_id: UUID) -> list[ReviewItem]:
    """What is to be looked at, expired entries first, the longest waiting first."""
    return [
        ReviewItem(
            path=row.name,
            title=row.title,
            reason="expired" if row.is_expired else "due",
            valid_until=row.valid_until,
            reviewed_at=row.reviewed_at,
            due_at=row.due_at,
            uses=row.access_count,
        )
        for row in database.tenant_once(organization_id, _LIST, days=DEFAULT_DAYS)
    ]


def mark_reviewed(
    database: Database, organization_id: UUID, paths: Sequence[str], *, user_id: UUID | None = None
) -> int:
    """Note that somebody looked at these sources and found them right; all or none. Raises Rejected `source_unknown`.

    An expired entry stays expired: its source must say another date.
    """
    wanted = list(dict.fromkeys(paths))
    with database.tenant(organization_id) as session:
        parameters = {"organization_id": organization_id, "paths": wanted, "user_id": user_id}
        found = set(session.execute(_REVIEWED, parameters).scalars())
        missing = [path for path in wanted if path not in found]
        if missing:
            raise Rejected("source_unknown", f"nothing is known from {missing[0]}")
    return len(wanted)


def set_review_days(database: Database, organization_id: UUID, *, days: int) -> None:
    """Have entries looked at again after so many days. Raises Rejected `value_unusable`, `nothing_known`."""
    if not 1 <= days <= MOST_DAYS:
        raise Rejected("value_unusable", f"entries are looked at again after 1 to {MOST_DAYS} days, not {days}")
    if not database.tenant_once(organization_id, _SET_DAYS, organization_id=organization_id, days=days):
        raise Rejected("nothing_known", "the organization knows nothing yet; import something first")
