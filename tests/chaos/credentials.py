"""What the workers of a soak check: the queue's OIDC token by its certificates; and the master key's file."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jwt
import tink
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from tink import aead, secret_key_access

if TYPE_CHECKING:
    from pathlib import Path

AUDIENCE = "http://worker.test/agent_execution"
EMAIL = "tasks@chaos.test"
ISSUER = "https://issuer.test"
_KEY_ID = "chaos"


@dataclass(frozen=True)
class Credentials:
    """A token that lives as long as a soak, and the files that the processes read."""

    token: str
    certificates: Path
    master_key: Path


def make_credentials(folder: Path) -> Credentials:
    """New keys, written into `folder`."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = {**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": _KEY_ID}
    certificates = folder / "certificates.json"
    certificates.write_text(json.dumps({"keys": [public]}))
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "1", "email": EMAIL, "email_verified": True, "iat": now}
    token = jwt.encode({**claims, "exp": now + 3600 * 12}, private, algorithm="RS256", headers={"kid": _KEY_ID})
    aead.register()
    master_key = folder / "master-key.json"
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    master_key.write_text(tink.json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
    return Credentials(token=token, certificates=certificates, master_key=master_key)
