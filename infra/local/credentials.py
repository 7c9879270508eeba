"""The secrets of one stack, made once and kept in its folder, readable by its owner alone."""

import base64
import dataclasses
import json
import secrets
from dataclasses import dataclass

from infra.local.folder import DataFolder, write_whole
from infra.local.tokens import new_private_key

_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSecrets:
    """What the cloud keeps in Secret Manager, and the keys of the stack's own servers."""

    app_secret: str  # signs Meta's webhooks
    verify_token: str  # of the webhook handshake
    graph_token: str  # access token of the demo's phone number
    tenant_context_key: str  # base64 of 32 bytes
    oidc_private_key: str  # PEM; signs the tokens of queue and scheduler

    @property
    def tenant_context_bytes(self) -> bytes:
        """The key that signs tenant contexts."""
        return base64.b64decode(self.tenant_context_key)


def load_secrets(folder: DataFolder) -> StackSecrets:
    """The stack's secrets; the first call makes them."""
    try:
        return StackSecrets(**json.loads(folder.secrets_file.read_text()))
    except FileNotFoundError:
        fresh = StackSecrets(
            app_secret=secrets.token_hex(16),
            verify_token=secrets.token_urlsafe(18),
            graph_token="EAA" + secrets.token_urlsafe(48),
            tenant_context_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            oidc_private_key=new_private_key(),
        )
        write_whole(folder.secrets_file, json.dumps(dataclasses.asdict(fresh), indent=2).encode(), mode=_PRIVATE)
        return fresh
