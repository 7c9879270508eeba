"""How work on knowledge is asked for: the row first, then the bytes, then the wake-up; what is missing is made good."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected
from shared.kit.ids import new_id
from shared.kit.text import clean_text
from shared.knowledge.articles import PATH_LIMIT
from shared.knowledge.documents.limits import FILE_LIMITS, LARGEST_FILE
from shared.knowledge.documents.sniffing import kind_of
from shared.knowledge.ingestion import queries
from shared.knowledge.ingestion.pages import checked_url
from shared.platform.database import Database
from shared.platform.storage import Storage

PREFIX: Final = "knowledge"
UPLOAD_SECONDS: Final = 60.0  # until the row of an upload is looked at whose bytes never came


def object_name(organization_id: UUID, object_id: UUID) -> str:
    """The name of an upload's object: the organization's folder, and nothing of the file's own name."""
    return f"{PREFIX}/{organization_id}/{object_id}"


def accept_upload(  # noqa: PLR0913 -- a file with all that is known of it
    database: Database,
    organization_id: UUID,
    raw: bytes,
    *,
    path: str,
    content_type: str | None,
    storage: Storage,
    bucket: str,
) -> UUID:
    """Take a document's bytes, known as `path`, and return the work that reads it; it is due at once.

    Raises Rejected `bad_name`, `empty`, `too_large`, `unknown_format` before anything is stored, Unavailable.
    """
    if not path or clean_text(path)[1] or len(path) > PATH_LIMIT or path.startswith("https://"):
        raise Rejected("bad_name", f"has a name that is empty, an address, not UTF-8 or longer than {PATH_LIMIT}")
    if not raw:
        raise Rejected("empty", "has no bytes")
    if len(raw) > LARGEST_FILE:
        raise Rejected("too_large", f"has {len(raw):,} bytes; at most {LARGEST_FILE:,} are taken")
    kind = kind_of(raw, name=path, content_type=content_type)
    if len(raw) > FILE_LIMITS[kind]:
        raise Rejected("too_large", f"has {len(raw):,} bytes; split it into files of at most {FILE_LIMITS[kind]:,}")
    ingestion_id = new_id()
    name = object_name(organization_id, ingestion_id)
    with database.tenant(organization_id) as session:
        queries.add(
            session,
            organization_id,
            kind="upload",
            ingestion_id=ingestion_id,
            source_path=path,
            object_name=name,
            content_type=content_type,
            delay=UPLOAD_SECONDS,
        )
    crash_point("knowledge-asked")
    storage.put_new(bucket, name, raw, "application/octet-stream")
    crash_point("knowledge-uploaded")
    with database.tenant(organization_id) as session:
        queries.make_due(session, organization_id, ingestion_id)
    return ingestion_id


def request_pages(database: Database, organization_id: UUID, urls: Sequence[str]) -> list[UUID]:
    """Have the documents at these addresses read; returns the work for each, in order. All or none.

    Raises Rejected `url_unusable` for the first that cannot be fetched.
    """
    checked = [checked_url(url) for url in urls]
    added = []
    with database.tenant(organization_id) as session:
        for url in checked:
            ingestion_id = new_id()
            queries.add(session, organization_id, kind="url", ingestion_id=ingestion_id, source_path=url)
            added.append(ingestion_id)
    return added
