"""Google's OIDC on this machine: a key that signs, and the key set that verifies."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from shared.platform.settings import CallerSettings

AUDIENCE = "https://agent-execution.example/"
EMAIL = "tasks@project.iam.gserviceaccount.com"
ISSUER = "https://accounts.google.com"


class Issuer:
    """Signs tokens with keys named by their id; `fetch` serves the key set and counts."""

    def __init__(self) -> None:
        self.keys = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.fetches = 0
        self.is_down = False

    def settings(self) -> CallerSettings:
        """What a function is told of this issuer."""
        return CallerSettings(oidc_audience=AUDIENCE, oidc_allowed_emails=(EMAIL, "scheduler@example"))

    def fetch(self, url: str) -> bytes:
        """The key set as Google serves it."""
        assert url == "https://www.googleapis.com/oauth2/v3/certs"
        self.fetches += 1
        if self.is_down:
            raise OSError
        keys = [
            RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "alg": "RS256", "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return json.dumps({"keys": [*keys, {"kty": "EC", "kid": "other"}]}).encode()

    def public_pem(self) -> bytes:
        """The public key as PEM, which an attacker knows."""
        return (
            self.keys["one"]
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )

    def token(self, *, kid: str = "one", key: Any = None, headers: dict[str, Any] | None = None, **changes: Any) -> str:
        """A good token with changed claims; a claim of `...` is left out."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": ISSUER, "aud": AUDIENCE, "azp": "1", "sub": "1", "email": EMAIL, "email_verified": True,
            "iat": now, "exp": now + 3600,
        } | changes  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not ...}
        return jwt.encode(claims, key or self.keys[kid], algorithm="RS256", headers={"kid": kid, **(headers or {})})

    def raw_token(self, header: str, claims: str) -> str:
        """A rightly signed token of any header and claims, well formed or not."""
        signed = f"{_segment(header.encode())}.{_segment(claims.encode())}"
        signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed.encode(), self.keys["one"])
        return f"{signed}.{_segment(signature)}"


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
