"""Meta's webhook signature: an HMAC of the untouched bytes under a secret of the app (C-02).

Header `X-Hub-Signature-256`: `sha256=` and 64 lower-case hex digits of HMAC-SHA256(app secret, raw body). Several
secrets may be active at once, so that one can be rotated while Meta still signs with the other.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence

HEADER = b"x-hub-signature-256"

_WELL_FORMED = re.compile(rb"sha256=([0-9a-f]{64})")


def verify(signatures: Sequence[bytes], raw: bytes, *, secrets: Sequence[bytes]) -> str | None:
    """Say which secret signed the body.

    Args:
        signatures: every value of the signature header, as received; more than one is refused.
        raw: the body's bytes, before any decoding.
        secrets: the active secrets of the app; empty ones never match.

    Returns:
        A short name of the secret (it does not reveal it), or None when the body is not authentic.
    """
    if len(signatures) != 1:
        return None
    match = _WELL_FORMED.fullmatch(signatures[0])
    if match is None:
        return None
    given = match[1]
    signed_by = None
    for secret in secrets:  # every secret is tried, so that the time does not tell which one matched
        expected = hmac.digest(secret, raw, "sha256").hex().encode()
        if hmac.compare_digest(expected, given) and secret:
            signed_by = secret
    return None if signed_by is None else secret_name(signed_by)


def secret_name(secret: bytes) -> str:
    """Name a secret by eight hex digits of its own hash, to tell in the stored delivery which one was in use."""
    return "app-secret-" + hashlib.sha256(b"verified_by:" + secret).hexdigest()[:8]


def sign(raw: bytes, secret: bytes) -> bytes:
    """Make the header's value as Meta does; for replays, sandboxes and tests."""
    return b"sha256=" + hmac.digest(secret, raw, "sha256").hex().encode()
