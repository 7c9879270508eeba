"""Deleting media in two steps, so that a crash between them leaves something to find.

First the row says so, then the object and the row go; until they are gone the sweep comes back to the organization.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from shared.kit.crash_points import crash_point
from shared.media import queries
from shared.platform.database import Database, TenantSession
from shared.platform.storage import Storage

_BATCH: Final = 200

_DETACH: Final = text("""
    UPDATE platform.media_transfers SET media_asset_id = NULL
    FROM (SELECT id AS transfer_id, media_asset_id AS asset_id FROM platform.media_transfers
          WHERE organization_id = :organization_id AND message_id = :message_id AND media_asset_id IS NOT NULL
          FOR NO KEY UPDATE) had
    WHERE organization_id = :organization_id AND id = had.transfer_id
    RETURNING had.asset_id""")
_MARK: Final = text("""
    UPDATE platform.media_assets a SET state = 'deleting', deleting_at = clock_timestamp()
    WHERE a.organization_id = :organization_id AND a.id = :id AND a.state IN ('ready', 'missing')
      AND NOT EXISTS (SELECT FROM platform.media_transfers t
                      WHERE t.organization_id = a.organization_id AND t.media_asset_id = a.id)""")
_TAKEN_BACK: Final = text("""
    SELECT id FROM platform.messages
    WHERE organization_id = :organization_id AND deleted_at IS NOT NULL AND media_urls <> '[]'::jsonb LIMIT :batch""")
_MARKED: Final = text("""
    SELECT id, storage_path FROM platform.media_assets
    WHERE organization_id = :organization_id AND state = 'deleting' ORDER BY deleting_at LIMIT :batch""")
_DROP: Final = text(
    "DELETE FROM platform.media_assets WHERE organization_id = :organization_id AND id = :id AND state = 'deleting'"
)


def delete_media_of_message(session: TenantSession, *, organization_id: UUID, message_id: UUID) -> int:
    """The first step for one message: it has its media no more, and what no other message has is marked.

    Returns how many assets are marked; the sweep has their objects deleted within a minute or two.
    """
    parameters = {"organization_id": organization_id, "message_id": message_id}
    assets = set(session.execute(_DETACH, parameters).scalars())
    queries.tell_message(session, organization_id=organization_id, message_id=message_id, reading="{}")
    return sum(mark_deleting(session, organization_id=organization_id, asset_id=asset_id) for asset_id in assets)


def mark_deleting(session: TenantSession, *, organization_id: UUID, asset_id: UUID) -> bool:
    """The first step for one asset, unless a transfer still has it; links are given for it no more."""
    return session.execute(_MARK, {"organization_id": organization_id, "id": asset_id}).rowcount > 0


def delete_media_taken_back(database: Database, *, organization_id: UUID) -> int:
    """The first step for messages that their senders deleted; returns how many messages."""
    with database.tenant(organization_id) as session:
        parameters = {"organization_id": organization_id, "batch": _BATCH}
        messages = list(session.execute(_TAKEN_BACK, parameters).scalars())
        for message_id in messages:
            delete_media_of_message(session, organization_id=organization_id, message_id=message_id)
    return len(messages)


def delete_marked(database: Database, *, organization_id: UUID, storage: Storage, bucket: str) -> tuple[int, bool]:
    """The second step for what is marked in one organization; returns how much it was, and whether there is more."""
    with database.tenant(organization_id) as session:
        marked = session.execute(_MARKED, {"organization_id": organization_id, "batch": _BATCH}).all()
    for asset_id, path in marked:
        storage.delete(bucket, path)
        crash_point("media-object-deleted")
        with database.tenant(organization_id) as session:
            session.execute(_DROP, {"organization_id": organization_id, "id": asset_id})
    return len(marked), len(marked) == _BATCH
