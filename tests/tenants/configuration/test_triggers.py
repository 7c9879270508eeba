"""The next run is the one that a walk through every minute finds, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.tenants.configuration.triggers import ScheduledTrigger, UnknownTimeZone, next_run

ZONES = ("America/Sao_Paulo", "America/New_York", "Europe/Lisbon", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def following(cron: str, zone: str, after: datetime) -> datetime:
    found = next_run([ScheduledTrigger(type="scheduled", cron=cron)], timezone=zone, after=after)
    assert found is not None
    return found[0]


def by_walking(minute: int, hour: int, weekday: int | None, *, zone: str, after: datetime) -> datetime:
    """The next due moment of a fixed time, day by day: a skipped one is right after its gap, a double one first."""
    tz = ZoneInfo(zone)
    day = after.astimezone(tz).date() - timedelta(days=1)
    while True:
        wanted = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a wall clock's time
        if weekday is None or day.isoweekday() % 7 == weekday:
            moment = wanted.replace(tzinfo=tz).astimezone(UTC)
            if moment.astimezone(tz).replace(tzinfo=None) != wanted:
                moment = wanted.replace(tzinfo=tz).astimezone(UTC) - timedelta(hours=3)
                while moment.astimezone(tz).replace(tzinfo=None) < wanted:
                    moment += timedelta(minutes=1)
            if moment > after:
                return moment
        day += timedelta(days=1)


@settings(max_examples=150, deadline=None)
@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    weekday=st.one_of(st.none(), st.integers(0, 6)),
    zone=st.sampled_from(ZONES),
    after=st.datetimes(datetime(2016, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - hypothesis takes naive bounds
)
def test_a_fixed_time_is_due_as_a_walk_through_the_days_finds_it(
    minute: int, hour: int, weekday: int | None, zone: str, after: datetime
) -> None:
    cron = f"{minute} {hour} * * {'*' if weekday is None else weekday}"
    moment = after.replace(tzinfo=UTC)
    assert following(cron, zone, moment) == by_walking(minute, hour, weekday, zone=zone, after=moment)


def test_a_time_that_does_not_exist_is_due_right_after_the_gap() -> None:
    """In São Paulo the day of 2018-11-04 began at one o'clock."""
    assert following("30 0 * * *", "America/Sao_Paulo", datetime(2018, 11, 4, 2, 0, tzinfo=UTC)) == datetime(
        2018, 11, 4, 3, 0, tzinfo=UTC
    )


def test_a_time_that_comes_twice_is_due_once() -> None:
    """In New York 2026-11-01 has half past one twice."""
    first = following("30 1 * * *", "America/New_York", datetime(2026, 11, 1, 0, 0, tzinfo=UTC))
    assert first == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert following("30 1 * * *", "America/New_York", first) == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_the_earliest_of_several_schedules_is_next() -> None:
    triggers = [ScheduledTrigger(type="scheduled", cron=cron) for cron in ("0 9 * * *", "0 7 * * *")]
    found = next_run(triggers, timezone="UTC", after=datetime(2026, 1, 1, tzinfo=UTC))
    assert found == (datetime(2026, 1, 1, 7, tzinfo=UTC), "0 7 * * *")
    assert next_run([], timezone="nowhere", after=datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_zone_that_does_not_exist_is_named() -> None:
    with pytest.raises(UnknownTimeZone, match="America/Atlantis"):
        following("0 6 * * *", "America/Atlantis", datetime(2026, 1, 1, tzinfo=UTC))
