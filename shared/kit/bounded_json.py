"""JSON from outside, within bounds that keep the parser, the driver and PostgreSQL's jsonb out of trouble.

An ordinary body pays for a few passes at C speed; what those cannot rule out is counted exactly.
"""

import json
import math
import re
from typing import Any, Literal

Reason = Literal[
    "not_utf8",
    "not_json",
    "too_deep",
    "too_many_tokens",
    "number_too_long",
    "number_not_finite",
    "duplicate_key",
]

MAX_DEPTH = 64
MAX_TOKENS = 100_000  # commas, colons and opening brackets, plus one
MAX_NUMBER_LENGTH = 64  # characters; longer ones become megabytes when jsonb gives them back

_TO_ZERO = bytes(ord("0") if chr(code) in "0123456789+-.eE" else 0 for code in range(256))
_LONG_NUMBER = b"0" * (MAX_NUMBER_LENGTH + 1)
_NOT_BRACKETS = bytes(code for code in range(256) if chr(code) not in "[]{}")
_INNERMOST = re.compile(rb"\[\]|\{\}")


class Unusable(Exception):
    """The bytes are not JSON, or are JSON that would harm; `reason` is one of `Reason`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"The body cannot be used: {reason}")
        self.reason = reason


def parse(raw: bytes) -> Any:
    """Parse UTF-8 JSON: at most 64 levels, 100,000 tokens, numbers of 64 characters, finite, no duplicate keys.

    Strings may hold lone surrogates and NUL: give them to `clean_text` before they are stored. Raises `Unusable`.
    """
    if (
        len(raw) > MAX_TOKENS
        or raw.count(b"{") + raw.count(b"[") > MAX_DEPTH
        or _LONG_NUMBER in raw.translate(_TO_ZERO)
    ):
        _count_exactly(raw)
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unusable("not_utf8") from None
    except RecursionError:
        raise Unusable("too_deep") from None
    except ValueError:
        raise Unusable("not_json") from None


def _count_exactly(raw: bytes) -> None:
    """Refuse what is over a bound before the parser can choke on it; what is no JSON at all the parser refuses."""
    outside = _outside_strings(raw)
    if sum(outside.count(mark) for mark in (b",", b":", b"[", b"{")) >= MAX_TOKENS:
        raise Unusable("too_many_tokens")
    if _LONG_NUMBER in outside.translate(_TO_ZERO):
        raise Unusable("number_too_long")
    brackets = outside.translate(None, delete=_NOT_BRACKETS)
    for _ in range(MAX_DEPTH):  # each pass takes away exactly one level
        fewer = _INNERMOST.sub(b"", brackets)
        if len(fewer) == len(brackets):
            return  # all are gone, or they do not match
        brackets = fewer
    if brackets:
        raise Unusable("too_deep")


def _outside_strings(raw: bytes) -> bytes:
    """Return the document without what is between its quotes (exact for JSON; a pattern could be made to crawl)."""
    parts = raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
    return b'"'.join(parts[::2])


def _finite(token: str) -> float:
    number = float(token)
    if not math.isfinite(number):
        raise Unusable("number_not_finite")
    return number


def _refuse_constant(_name: str) -> float:
    raise Unusable("number_not_finite")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unusable("duplicate_key")
    return members


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
