"""Meta's webhook signature: an HMAC of the untouched bytes under a secret of the app (C-02).

Header `X-Hub-Signature-256`: `sha256=` and 64 lower-case hex digits of HMAC-SHA256(app secret, raw body). Several
secrets may be active at once, so that one can be rotated while Meta still signs with the other. What comes by the
Instagram API with Instagram Login is signed with the Instagram app's own secret.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence

HEADER = b"x-hub-signature-256"

_WELL_FORMED = re.compile(rb"sha256=([0-9a-f]{64})")


class AppSecret:
    """An active secret, prepared once (half of an HMAC's time is the preparation)."""

    __slots__ = ("_prepared", "name")

    def __init__(self, secret: bytes, *, app: str = "app") -> None:
        """Take the secret and whose it is; an empty one would sign for everybody, so it raises ValueError."""
        if not secret:
            raise ValueError("An app secret is empty: give Meta's value or leave it out")
        self._prepared = hmac.new(secret, digestmod="sha256")
        # eight hex digits of a hash tell in a stored delivery which secret was in use, and do not reveal it
        self.name = f"{app}-secret-" + hashlib.sha256(b"verified_by:" + secret).hexdigest()[:8]

    def signature_of(self, raw: bytes) -> bytes:
        """Return the hex digits under which Meta sends this body."""
        code = self._prepared.copy()
        code.update(raw)
        return code.hexdigest().encode()


def verify(signatures: Sequence[bytes], raw: bytes, *, secrets: Sequence[AppSecret]) -> str | None:
    """Return the name of the secret that signed the body, or None when the body is not authentic.

    Args:
        signatures: every value of the signature header, as received; more than one is refused.
        raw: the body's bytes, before any decoding.
        secrets: the active secrets of the app.
    """
    if len(signatures) != 1:
        return None
    match = _WELL_FORMED.fullmatch(signatures[0])
    if match is None:
        return None
    signed_by = None
    for secret in secrets:  # every secret is tried, so that the time does not tell which one matched
        if hmac.compare_digest(secret.signature_of(raw), match[1]):
            signed_by = secret.name
    return signed_by


def sign(raw: bytes, secret: bytes) -> bytes:
    """Make the header's value as Meta does; for replays, sandboxes and tests."""
    return b"sha256=" + AppSecret(secret).signature_of(raw)
