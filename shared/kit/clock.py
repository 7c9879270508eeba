"""Moments: our own, always in UTC, and providers', which come as seconds or milliseconds, as numbers or text."""

from datetime import UTC, datetime

# 2000-01-01 and 2100-01-01: the range in which a provider's time is believed. In seconds and in milliseconds the two
# ranges do not overlap, so that the unit is known from the value.
_FIRST, _LAST = 946_684_800, 4_102_444_800
_MOST_DIGITS = 13


def utc_now() -> datetime:
    """Return the present moment with its zone (UTC)."""
    return datetime.now(UTC)


def parse_provider_timestamp(value: object) -> tuple[datetime | None, bool]:
    """Read an epoch time in seconds or milliseconds, given as int, float or ASCII digits.

    Returns `(moment, False)`, or `(None, True)` when it is not a time between 2000 and 2100: the caller then takes the
    time of arrival and marks the row.
    """
    number: float
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
            return None, True
        number = int(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    else:
        return None, True
    if _FIRST <= number < _LAST:
        return datetime.fromtimestamp(number, UTC), False
    if _FIRST * 1000 <= number < _LAST * 1000:
        return datetime.fromtimestamp(number / 1000, UTC), False
    return None, True
