"""Meta's GET handshake: the challenge goes back only to whoever knows the verify token (C-01)."""

import hmac
import re
from urllib.parse import parse_qsl

_CHALLENGE = re.compile(r"[0-9A-Za-z_-]{1,128}")  # narrower than what Meta may send, so that no page can be injected
_PARAMETERS = ("hub.mode", "hub.verify_token", "hub.challenge")
_MOST_PARAMETERS = 16  # Meta sends three; a front end may add its own


def challenge_of(query: bytes, *, verify_token: str) -> bytes | None:
    """Return the challenge to echo, byte for byte, or None when the caller is not to be answered.

    Args:
        query: the query string as received, percent-encoded.
        verify_token: the configured token; an empty one answers nobody.
    """
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return None
    given = dict(pairs)
    names = [name for name, _ in pairs if name in _PARAMETERS]
    if sorted(names) != sorted(_PARAMETERS):  # one is missing or repeated
        return None
    known = hmac.compare_digest(given["hub.verify_token"].encode(errors="replace"), verify_token.encode())
    well_formed = _CHALLENGE.fullmatch(given["hub.challenge"]) is not None
    if not (known and verify_token and well_formed and given["hub.mode"] == "subscribe"):
        return None
    return given["hub.challenge"].encode("ascii")
