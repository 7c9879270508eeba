"""The secrets that this process knows, so that no log line ever shows one, however it got there."""

import json
import re
from urllib.parse import unquote

MASK = "[secret]"
_SHORTEST = 8  # characters; masking shorter ones would garble ordinary words
_PASSWORD_IN_URL = re.compile(r"://[^/@:]*:([^@]+)@")

_known: set[str] = set()


def remember(value: str) -> None:
    """Never show `value` in a log: itself, its parts at commas, and the password if it is a URL."""
    found = {value, *(part.strip() for part in value.split(","))}
    if "://" in value:
        # the rest of a URL is no secret, and worth reading
        found = {part for match in _PASSWORD_IN_URL.findall(value) for part in (match, unquote(match))}
    found |= {json.dumps(secret)[1:-1] for secret in found}
    _known.update(secret for secret in found if len(secret) >= _SHORTEST)


def mask(line: str) -> str:
    """Return the line with every known secret replaced."""
    for secret in _known:
        if secret in line:
            line = line.replace(secret, MASK)
    return line
