"""When a business answers: its weekly hours in its own time zone, without the country's holidays.

Settings of the customer service department:
    opening_hours: {"mon": ["09:00-12:00", "13:30-18:00"], …, "sun": []}; a day that is not named is closed, a span
        whose end is not after its beginning goes on into the next day, and "24:00" is a day's end. Without it nobody
        knows.
    holiday_state: such as "SP": its holidays as well as Brazil's. open_on_holidays: true when holidays change nothing.
    closed_on: ["2026-02-17"], days on which it is closed besides: carnival is no holiday by law.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Further ahead nobody is told a day: the settings are wrong, or the business is closed for good.
_HORIZON_DAYS: Final = 60
_SPAN: Final = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")

Span = tuple[timedelta, timedelta]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The spans of each day of the week, as distances from its midnight, and the holidays that close it."""

    week: tuple[tuple[Span, ...], ...]
    zone: ZoneInfo
    holiday_state: str | None
    open_on_holidays: bool
    closed_on: frozenset[date]

    @classmethod
    def of(cls, settings: Mapping[str, Any], *, timezone: str) -> Self | None:
        """The hours of these settings; None when there are none. Raises ValueError, which names what is wrong."""
        named = settings.get("opening_hours")
        if named is None:
            return None
        if not isinstance(named, dict) or not set(named) <= set(DAYS):
            raise ValueError(f"opening_hours is an object with the days {', '.join(DAYS)}")
        try:
            zone = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError(f"there is no time zone {timezone!r}") from unknown
        return cls(
            week=tuple(tuple(_spans(day, named.get(day, []))) for day in DAYS),
            zone=zone,
            holiday_state=_state(settings.get("holiday_state")),
            open_on_holidays=settings.get("open_on_holidays") is True,
            closed_on=frozenset(_closing_days(settings.get("closed_on", []))),
        )

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody answers at this moment."""
        today = moment.astimezone(self.zone).date()
        spans = [*self._spans_of(today - timedelta(days=1)), *self._spans_of(today)]
        return any(begins <= moment < ends for begins, ends in spans)

    def next_opening(self, moment: datetime) -> datetime | None:
        """When somebody answers again, in the business's zone; None when that is not within two months."""
        today = moment.astimezone(self.zone).date()
        for days in range(_HORIZON_DAYS):
            begins = [begins for begins, _ in self._spans_of(today + timedelta(days=days)) if begins > moment]
            if begins:
                return min(begins)
        return None

    def _spans_of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The spans that begin on this day; none on a holiday."""
        spans = self.week[day.weekday()]
        if not spans or day in self.closed_on:
            return
        if not self.open_on_holidays and day in _holidays(self.holiday_state, day.year):
            return
        midnight = datetime.combine(day, time(0))
        for begins, ends in spans:
            yield (midnight + begins).replace(tzinfo=self.zone), (midnight + ends).replace(tzinfo=self.zone)


def _spans(day: str, named: object) -> Iterator[Span]:
    if not isinstance(named, list):
        raise ValueError(f'opening_hours.{day} is a list of spans such as "09:00-18:00"')  # noqa: TRY004 - as all here
    for text in named:
        match = _SPAN.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise ValueError(f'opening_hours.{day} has {text!r}; a span is written "09:00-18:00"')
        first_hour, first_minute, last_hour, last_minute = (int(number) for number in match.groups())
        begins = timedelta(hours=first_hour, minutes=first_minute)
        ends = timedelta(hours=last_hour, minutes=last_minute)
        if max(first_minute, last_minute) > 59 or begins >= timedelta(days=1) or ends > timedelta(days=1):  # noqa: PLR2004
            raise ValueError(f"opening_hours.{day} has {text!r}; a day ends at 24:00")
        yield begins, ends if ends > begins else ends + timedelta(days=1)


def _closing_days(named: object) -> Iterator[date]:
    if not isinstance(named, list):
        raise ValueError('closed_on is a list of days such as "2026-02-17"')  # noqa: TRY004 - as all here
    for text in named:
        try:
            yield date.fromisoformat(text)
        except (TypeError, ValueError) as wrong:
            raise ValueError(f'closed_on has {text!r}; a day is written "2026-02-17"') from wrong


def _state(named: object) -> str | None:
    if named is None:
        return None
    from holidays.countries.brazil import Brazil  # noqa: PLC0415 (only a business with hours needs it)

    if named not in Brazil.subdivisions:
        raise ValueError(f"holiday_state is the code of a Brazilian state, not {named!r}")
    return str(named)


@lru_cache(maxsize=256)
def _holidays(state: str | None, year: int) -> frozenset[date]:
    """Brazil's public holidays of a year, and a state's."""
    from holidays import country_holidays  # noqa: PLC0415 (as above)

    return frozenset(country_holidays("BR", subdiv=state, years=year))
