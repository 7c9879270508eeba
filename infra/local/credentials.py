"""The secrets of one stack, made once and kept in its folder, readable by its owner alone."""

import base64
import contextlib
import dataclasses
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.folder import DataFolder, write_whole
from infra.local.tokens import new_private_key

_PRIVATE = 0o600


_MAKERS: dict[str, Callable[[], str]] = {
    "app_secret": lambda: secrets.token_hex(16),
    "instagram_app_secret": lambda: secrets.token_hex(16),
    "verify_token": lambda: secrets.token_urlsafe(18),
    "graph_token": lambda: "EAA" + secrets.token_urlsafe(48),
    "instagram_token": lambda: "IGAA" + secrets.token_urlsafe(48),
    "page_token": lambda: "EAA" + secrets.token_urlsafe(48),
    "tenant_context_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "oidc_private_key": new_private_key,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSecrets:
    """What the cloud keeps in Secret Manager, and the keys of the stack's own servers."""

    app_secret: str  # signs Meta's webhooks
    instagram_app_secret: str  # signs those of accounts that are reached by Instagram Login
    verify_token: str  # of the webhook handshake
    graph_token: str  # access token of the demo's phone number
    instagram_token: str  # of its Instagram account
    page_token: str  # of its Facebook page
    tenant_context_key: str  # base64 of 32 bytes
    oidc_private_key: str  # PEM; signs the tokens of queue and scheduler

    @property
    def demo_tokens(self) -> dict[str, str]:
        """The access tokens of the demo's accounts, by channel."""
        return {"whatsapp": self.graph_token, "instagram": self.instagram_token, "messenger": self.page_token}

    @property
    def tenant_context_bytes(self) -> bytes:
        """The key that signs tenant contexts."""
        return base64.b64decode(self.tenant_context_key)


def load_secrets(folder: DataFolder) -> StackSecrets:
    """The stack's secrets; the first call makes them, and a later one those that a newer version needs besides."""
    kept: dict[str, str] = {}
    with contextlib.suppress(FileNotFoundError):
        kept = json.loads(folder.secrets_file.read_text())
    missing = {field.name for field in dataclasses.fields(StackSecrets)} - kept.keys()
    if missing:
        kept |= {name: _MAKERS[name]() for name in missing}
        write_whole(folder.secrets_file, json.dumps(kept, indent=2).encode(), mode=_PRIVATE)
    return StackSecrets(**kept)
