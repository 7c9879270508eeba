"""The settings of a department: when its people are there, and how it hands over."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import StringConstraints

from shared.tenants.configuration.fields import Settings, setting

# shared/conversations/opening_hours.py reads these; a test holds the two together.
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS_EN: Final = 'a list of at most 6 spans such as "08:00-12:00"; one may end on the next day, or at "24:00"'
_HOURS_PT: Final = 'uma lista de até 6 períodos como "08:00-12:00"; um deles pode acabar no dia seguinte, ou às "24:00"'

_Span = Annotated[str, StringConstraints(pattern=rf"^{_CLOCK}-({_CLOCK}|24:00)$")]


def _spans() -> tuple[_Span, ...]:
    spans: tuple[_Span, ...] = setting((), en=_HOURS_EN, pt=_HOURS_PT, max_length=6, strict=False)
    return spans


class OpeningHours(Settings):
    """When people answer, in the organization's time zone; a day that is not named is closed."""

    mon: tuple[_Span, ...] = _spans()
    tue: tuple[_Span, ...] = _spans()
    wed: tuple[_Span, ...] = _spans()
    thu: tuple[_Span, ...] = _spans()
    fri: tuple[_Span, ...] = _spans()
    sat: tuple[_Span, ...] = _spans()
    sun: tuple[_Span, ...] = _spans()


_State = Literal[
    "AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "GO", "MA", "MG", "MS", "MT", "PA", "PB", "PE", "PI", "PR", "RJ",
    "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO",
]  # fmt: skip


class DepartmentSettings(Settings):
    """What every department has."""

    version: Literal[1] = setting(1, en="1, the version of these settings", pt="1, a versão destas configurações")
    opening_hours: OpeningHours | None = setting(
        None,
        en="the days mon to sun with their spans, or null where nobody knows",
        pt="os dias de mon a sun com seus períodos, ou null quando não se sabe",
    )
    holiday_state: _State | None = setting(
        None, en="the code of a Brazilian state, such as SP, or null", pt="a sigla de um estado, como SP, ou null"
    )
    open_on_holidays: bool = setting(default=False, en="true or false", pt="true ou false")
    closed_on: tuple[date, ...] = setting(
        (),
        en="a list of at most 100 days such as 2026-12-24",
        pt="uma lista de até 100 dias como 2026-12-24",
        max_length=100,
        strict=False,
    )
    handoff_target_minutes: int = setting(
        30, en="a whole number of minutes, 1 to 10080", pt="um número inteiro de minutos, de 1 a 10080", ge=1, le=10080
    )
    handoff_return_minutes: int | None = setting(
        None,
        en="a whole number of minutes, 1 to 10080, or null for never",
        pt="um número inteiro de minutos, de 1 a 10080, ou null para nunca",
        ge=1,
        le=10080,
    )
    satisfaction_survey: bool = setting(default=False, en="true or false", pt="true ou false")


EXAMPLE: Final[dict[str, object]] = {
    "version": 1,
    "opening_hours": {day: ["08:00-12:00", "13:00-18:00"] for day in WEEKDAYS[:5]} | {"sat": ["09:00-13:00"]},
    "holiday_state": "SP",
    "closed_on": ["2026-12-24"],
    "handoff_target_minutes": 30,
    "handoff_return_minutes": 240,
    "satisfaction_survey": True,
}
