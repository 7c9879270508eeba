"""OIDC tokens like Google's, signed with the stack's own key, and the key set (JWKS) that verifies them."""

import hashlib
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.algorithms import RSAAlgorithm

_LIFETIME_SECONDS = 3600  # as Google's
_REUSE_SECONDS = 600  # a signature costs a millisecond; queues send the same token many times


def new_private_key() -> str:
    """A fresh RSA key as PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class TokenSigner:
    """Signs for the service accounts of the stack."""

    def __init__(self, *, private_key: str, issuer: str) -> None:
        """Take the key as PEM and the issuer that functions expect."""
        key = load_pem_private_key(private_key.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("the OIDC key of the stack must be an RSA key")
        self._key = key
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = hashlib.sha256(public).hexdigest()[:40]
        self._issuer = issuer
        self._kept: dict[tuple[str, str], tuple[float, str]] = {}

    def certs(self) -> dict[str, Any]:
        """The JSON Web Key Set of the signing key."""
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": self._key_id, "alg": "RS256", "use": "sig"}]}

    def token(self, *, audience: str, email: str) -> str:
        """A token for one audience, in the name of a service account."""
        now = time.time()
        until, token = self._kept.get((audience, email), (0.0, ""))
        if until > now:
            return token
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "azp": email,
            "sub": email,
            "email": email,
            "email_verified": True,
            "iat": int(now),
            "exp": int(now) + _LIFETIME_SECONDS,
        }
        token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})
        self._kept[audience, email] = (now + _REUSE_SECONDS, token)
        return token
