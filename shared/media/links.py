"""Links to read one asset: given only after the row was read as its organization, and dead after minutes."""

from typing import Final
from uuid import UUID

from shared.kit.errors import Rejected
from shared.media import queries
from shared.platform.database import Database
from shared.platform.signed_links import Download
from shared.platform.storage import Storage

LINK_SECONDS: Final = 300


def asset_link(database: Database, *, organization_id: UUID, asset_id: UUID, storage: Storage, bucket: str) -> str:
    """A URL that downloads the asset for five minutes. Raises Rejected "not_found": it is not the organization's."""
    with database.tenant(organization_id) as session:
        asset = queries.find_asset(session, organization_id=organization_id, asset_id=asset_id)
    if asset is None:
        raise Rejected("not_found", "the organization has no such medium")
    name = asset.original_file_name or str(asset.id)
    download = Download(file_name=name, mime_type=asset.mime_type, seconds=LINK_SECONDS)
    return storage.link(bucket, asset.path, download, generation=asset.generation)
