from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.kit.clock import parse_provider_timestamp, utc_now

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SECONDS = int(MOMENT.timestamp())


def test_now_has_its_zone() -> None:
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize("value", [SECONDS, str(SECONDS), SECONDS * 1000, str(SECONDS * 1000), float(SECONDS)])
def test_seconds_and_milliseconds_are_told_apart(value: object) -> None:
    """C-16."""
    assert parse_provider_timestamp(value) == (MOMENT, False)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        " ",
        "abc",
        "-1",
        -1,
        0,
        1,
        True,
        10**9 // 2,
        4102444800,
        946684799,
        4102444800000,
        10**20,
        "9" * 5000,
        float("nan"),
        float("inf"),
        -float("inf"),
        "1e9",
        "1735689600.5",
        "٤١٠٢٤٤٤٧٩",
        "²",
        [1735689600],
        {},
        b"1735689600",
        "2026-02-30",
        "24:00:00",
    ],
)
def test_what_is_no_time_between_2000_and_2100_is_flagged(value: object) -> None:
    """V8: the caller takes the time of arrival."""
    assert parse_provider_timestamp(value) == (None, True)


@given(some.one_of(some.integers(), some.floats(), some.text(), some.none(), some.booleans()))
def test_no_value_raises_and_every_moment_is_in_range(value: object) -> None:
    moment, flagged = parse_provider_timestamp(value)
    assert flagged is (moment is None)
    if moment is not None:
        assert datetime(2000, 1, 1, tzinfo=UTC) <= moment < datetime(2100, 1, 1, tzinfo=UTC)


@given(some.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)))  # noqa: DTZ001 - hypothesis wants bare ones
def test_every_second_of_the_century_is_read(moment: datetime) -> None:
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse_provider_timestamp(str(int(whole.timestamp()))) == (whole, False)
    assert parse_provider_timestamp(int(whole.timestamp()) * 1000) == (whole, False)
