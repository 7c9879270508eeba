"""H-04: when a business answers: hours, the night between two days, Brazil's holidays, wrong settings."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.conversations.opening_hours import OpeningHours
from shared.tenants.configuration.departments import EXAMPLE, DepartmentSettings

ZONE = "America/Sao_Paulo"
WEEKDAYS: dict[str, Any] = {
    "opening_hours": {**{day: ["09:00-12:00", "13:30-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


def hours(**settings: Any) -> OpeningHours:
    found = OpeningHours.of(WEEKDAYS | settings, timezone=ZONE)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23T08:59:59", "2026-11-23T09:00"),  # a Monday
        ("2026-11-23T12:00", "2026-11-23T13:30"),
        ("2026-11-27T18:00", "2026-11-30T09:00"),  # a Friday evening
        ("2026-12-24T19:00", "2026-12-28T09:00"),  # Christmas is a Friday
        ("2026-09-04T18:00", "2026-09-08T09:00"),  # Monday 7 September is a holiday
    ],
)
def test_a_closed_business_says_when_it_opens(moment: str, opens: str) -> None:
    assert not hours().is_open(at(moment))
    assert hours().next_opening(at(moment)) == at(opens)


@pytest.mark.parametrize("moment", ["2026-11-23T09:00", "2026-11-23T11:59:59", "2026-11-27T17:59"])
def test_within_its_hours_it_is_open(moment: str) -> None:
    assert hours().is_open(at(moment))


def test_another_zone_sees_the_same_hours() -> None:
    assert hours().is_open(datetime.fromisoformat("2026-11-23T12:00:00+00:00"))  # 9:00 in São Paulo
    assert not hours().is_open(datetime.fromisoformat("2026-11-23T11:59:59+00:00"))


def test_holidays_are_the_countrys_and_those_of_the_state() -> None:
    revolution = at("2026-07-09T10:00")  # a Thursday, a holiday of São Paulo alone
    assert hours().is_open(revolution)
    assert not hours(holiday_state="SP").is_open(revolution)
    assert not hours().is_open(at("2026-11-20T10:00"))
    assert hours(open_on_holidays=True).is_open(at("2026-11-20T10:00"))


def test_a_business_names_the_days_on_which_it_closes_besides() -> None:
    assert hours().is_open(at("2026-02-17T10:00"))
    assert not hours(closed_on=["2026-02-17"]).is_open(at("2026-02-17T10:00"))


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    bar = OpeningHours.of({"opening_hours": {"sat": ["18:00-02:00"], "mon": ["00:00-24:00"]}}, timezone=ZONE)
    assert bar is not None
    assert bar.is_open(at("2026-11-22T01:59"))  # a Sunday
    assert not bar.is_open(at("2026-11-22T02:00"))
    assert bar.next_opening(at("2026-11-22T02:00")) == at("2026-11-23T00:00")
    assert bar.is_open(at("2026-11-23T23:59:59"))


def test_who_never_opens_promises_no_day() -> None:
    closed = OpeningHours.of({"opening_hours": {}}, timezone=ZONE)
    assert closed is not None
    assert closed.next_opening(at("2026-11-23T10:00")) is None


def test_without_hours_nobody_knows() -> None:
    assert OpeningHours.of({}, timezone=ZONE) is None


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"opening_hours": ["09:00-18:00"]}, "opening_hours"),
        ({"opening_hours": {"monday": []}}, "mon, tue"),
        ({"opening_hours": {"mon": "09:00-18:00"}}, "opening_hours.mon"),
        ({"opening_hours": {"mon": ["9-18"]}}, "'9-18'"),
        ({"opening_hours": {"mon": ["09:00-25:00"]}}, "24:00"),
        ({"opening_hours": {"mon": ["09:75-18:00"]}}, "24:00"),
        ({"opening_hours": {"mon": [900]}}, "900"),
        ({"opening_hours": {}, "holiday_state": "XX"}, "XX"),
        ({"opening_hours": {}, "closed_on": "2026-02-17"}, "closed_on"),
        ({"opening_hours": {}, "closed_on": ["17/2"]}, "17/2"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        OpeningHours.of(settings, timezone=ZONE)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="Atlantis"):
        OpeningHours.of(WEEKDAYS, timezone="Atlantis/Sunken")


def test_the_hours_of_the_departments_settings_are_these() -> None:
    """What the settings' schema takes, an answer can use."""
    checked = DepartmentSettings.model_validate_json(json.dumps(EXAMPLE)).model_dump(mode="json")
    found = OpeningHours.of(checked, timezone=ZONE)
    assert found is not None
    assert found.is_open(at("2026-11-23T08:00"))
    assert not found.is_open(at("2026-12-24T10:00"))
    assert OpeningHours.of(DepartmentSettings().model_dump(mode="json"), timezone=ZONE) is None
