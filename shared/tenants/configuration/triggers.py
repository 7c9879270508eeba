"""What starts an agent, and when its schedule is due next: cron in the organization's time zone.

A time that a change of clocks skips is due right after the gap; one that comes twice is due at its first coming.
Schedules that repeat within the hours ("*" in minutes or hours) follow elapsed time instead, as Debian's cron does.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Discriminator

from shared.tenants.configuration.fields import Settings, setting

# What may start an agent: audited facts. migrations/sql/0056_agent_runs.sql has the same list.
EVENTS: Final = ("conversation.escalated", "conversation.resolved")
# The sweep looks each minute, and a run may cost money: more often is not asked for.
SHORTEST_PERIOD: Final = timedelta(minutes=15)
MOST_TRIGGERS: Final = 8
_CRON_FIELDS: Final = 5
# Enough to meet each distance of a schedule within a day or a week.
_LOOKED_AT: Final = 200


class UnknownTimeZone(Exception):
    """A name that is not in the tz database of this machine."""


def _usable_cron(expression: str) -> str:
    if len(expression.split()) != _CRON_FIELDS:
        raise ValueError("it has not the five fields minute, hour, day, month, weekday")
    # in UTC, where no hour is skipped: the distances are those of the schedule itself
    runs = list(islice(_times(expression, datetime(2027, 1, 1, tzinfo=UTC)), _LOOKED_AT))
    if not runs:
        raise ValueError("it is never due")
    if any(later - earlier < SHORTEST_PERIOD for earlier, later in pairwise(runs)):
        raise ValueError(f"it is due more often than every {SHORTEST_PERIOD.seconds // 60} minutes")
    return expression


Cron = Annotated[str, AfterValidator(_usable_cron)]


class ScheduledTrigger(Settings):
    """Runs at times."""

    type: Literal["scheduled"]
    cron: Cron = setting(
        en='five fields, minute hour day month weekday, at most every 15 minutes, such as "0 8 * * MON"',
        pt='cinco campos, minuto hora dia mês dia-da-semana, no máximo a cada 15 minutos, como "0 8 * * MON"',
        max_length=100,
    )


class ManualTrigger(Settings):
    """Runs when a person asks for it."""

    type: Literal["manual"]


class EventTrigger(Settings):
    """Runs a minute after something happened in the organization."""

    type: Literal["event"]
    event: Literal["conversation.escalated", "conversation.resolved"] = setting(
        en=f"one of {', '.join(EVENTS)}", pt=f"um de {', '.join(EVENTS)}"
    )


class WebhookTrigger(Settings):
    """Answers the messages of its channel."""

    type: Literal["webhook"]


Trigger = Annotated[ScheduledTrigger | ManualTrigger | EventTrigger | WebhookTrigger, Discriminator("type")]


def next_run(triggers: Iterable[Trigger], *, timezone: str, after: datetime) -> tuple[datetime, str] | None:
    """The first moment after `after` at which a schedule is due (UTC), and its cron; None without a schedule.

    Raises:
        UnknownTimeZone: the zone is none.
    """
    crons = [trigger.cron for trigger in triggers if isinstance(trigger, ScheduledTrigger)]
    if not crons:
        return None
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UnknownTimeZone(timezone) from unknown
    local = after.astimezone(zone)
    found = [(moment.astimezone(UTC), cron) for cron in crons for moment in islice(_times(cron, local), 1)]
    return min(found, default=None)


def _times(cron: str, after: datetime) -> "Iterable[datetime]":
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 (few agents have a schedule)

    try:
        return CronSim(cron, after)
    except CronSimError as wrong:
        raise ValueError(str(wrong).lower()) from wrong


def has_trigger(triggers: Sequence[Trigger], kind: str) -> bool:
    """Whether one of the triggers is of this kind."""
    return any(trigger.type == kind for trigger in triggers)
