"""Links by which a browser reads one object for a short time (V4 signatures of Cloud Storage)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 15 * 60  # seconds; a link is shown to a person who was just allowed to see the object


@dataclass(frozen=True, slots=True)
class Download:
    """How a link shows an object: under which name, as which type, and for how many seconds."""

    file_name: str
    mime_type: str
    seconds: int = LONGEST


def signed_link(
    blob: Any, download: Download, *, credentials: Any, emulator: str | None, refresh: Callable[[Any], None]
) -> str:
    """Return a URL that answers with the blob as a download of that name.

    Credentials with a private key sign by themselves; those of a Cloud Run service have none, so that the IAM
    Credentials API signs for their account (client library: `service_account_email` and `access_token`), which needs
    the role Service Account Token Creator on itself.
    """
    signing: dict[str, Any] = {}
    if emulator is not None:
        signing = {"credentials": _emulator_signer(), "api_access_endpoint": emulator.rstrip("/")}
    elif not hasattr(credentials, "sign_bytes") or not getattr(credentials, "signer_email", None):
        refresh(credentials)
        signing = {"service_account_email": credentials.service_account_email, "access_token": credentials.token}
    url: str = blob.generate_signed_url(
        version="v4",
        expiration=timedelta(seconds=min(download.seconds, LONGEST)),
        # never shown in our own pages' origin, and never as what it claims to be: the browser saves it
        response_disposition=f"attachment; filename*=UTF-8''{quote(download.file_name, safe='')}",
        response_type=download.mime_type,
        generation=blob.generation,
        **signing,
    )
    return url


def _emulator_signer() -> Any:
    """Return credentials of this machine alone: the emulator answers to every signature."""
    from google.auth.credentials import AnonymousCredentials, Signing  # noqa: PLC0415 (see shared/platform/storage)

    anonymous: Any = AnonymousCredentials
    signing: Any = Signing

    class LocalSigner(anonymous, signing):  # type: ignore[misc] # made of what the library gives at run time
        """Signs with a key that nobody keeps."""

        signer_email = "local@localhost"
        signer = None

        def sign_bytes(self, message: bytes) -> bytes:
            return hashlib.sha256(secrets.token_bytes(32) + message).digest()

    return LocalSigner()
