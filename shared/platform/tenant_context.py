"""The signed tenant context: SQL that an attacker injects can set it, but cannot sign it.

`platform.current_organization_id()` in the database checks it; docs/decisions/0003-signed-tenant-context.md says why.
"""

import hmac
from uuid import UUID

SETTING = "app.current_organization_id"


def sign(key: bytes, organization_id: UUID) -> str:
    """Return `<uuid>.<64 hex digits>`, the HMAC-SHA256 of the uuid's text under `key` (32 bytes)."""
    text = str(organization_id)
    return f"{text}.{hmac.digest(key, text.encode(), 'sha256').hex()}"
