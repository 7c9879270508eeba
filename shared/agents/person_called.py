"""What a customer is told when people are to go on (H-04): one sentence, true at the hour at which it is said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from shared.agents.responder import Answer
from shared.agents.wording import wording
from shared.conversations.models import Configuration
from shared.conversations.opening_hours import OpeningHours
from shared.platform.logs import get_logger

_PORTUGUESE_DAYS: Final = (
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
)
_ENGLISH_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# After this many days a weekday's name alone would be taken for this week's.
_SAME_WEEK: Final = 7

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Business:
    """Whose people are called: name, locale and time zone of the organization, settings of its department."""

    name: str
    locale: str | None
    timezone: str
    settings: Mapping[str, Any]

    def opens_at(self, now: datetime) -> datetime | None:
        """When somebody answers again; None while somebody does, and where nobody knows the hours."""
        try:
            hours = OpeningHours.of(self.settings, timezone=self.timezone)
        except ValueError as wrong:
            # a promise without an hour is better than none, and than a wrong one
            _log.error("opening hours cannot be used", reason=str(wrong))
            return None
        return None if hours is None or hours.is_open(now) else hours.next_opening(now)


def business_of(configuration: Configuration) -> Business:
    """The business for which a turn answers."""
    return Business(
        name=configuration.organization_name,
        locale=configuration.locale,
        timezone=configuration.timezone,
        settings=configuration.department_settings,
    )


def person_called(business: Business, *, now: datetime) -> str:
    """The one sentence of a hand-over."""
    words = wording(business.locale)
    return _by_the_hour(words.person_called, words.person_called_later, business=business, now=now)


def still_waiting(business: Business, *, now: datetime) -> str:
    """What is said, once, when nobody has come in time."""
    words = wording(business.locale)
    return _by_the_hour(words.still_waiting, words.still_waiting_later, business=business, now=now)


def with_person_called(answer: Answer, configuration: Configuration, *, now: datetime) -> Answer:
    """The answer as the customer gets it: one that gives the conversation to people and says nothing says the sentence.

    An answer with a text has its sentence in it: there are never two of them.
    """
    if not answer.abstained or answer.text:
        return answer
    return replace(answer, text=person_called(business_of(configuration), now=now))


def opening_in_words(opening: datetime, *, now: datetime, locale: str | None) -> str:
    """Such as "hoje às 14h", "amanhã às 9h30", "segunda-feira às 9h", "segunda-feira, 5/1, às 9h"; or in English.

    `opening` is in the business's time zone.
    """
    english = (locale or "").lower().startswith("en")
    days = (opening.date() - now.astimezone(opening.tzinfo).date()).days
    if days <= 1:
        day = (("today", "tomorrow") if english else ("hoje", "amanhã"))[days]
    else:
        day = (_ENGLISH_DAYS if english else _PORTUGUESE_DAYS)[opening.weekday()]
    if english:
        date = f", {opening:%B} {opening.day}," if days >= _SAME_WEEK else ""
        return f"{day}{date} at {opening.hour}:{opening:%M}"
    date = f", {opening.day}/{opening.month}," if days >= _SAME_WEEK else ""
    minutes = f"{opening:%M}" if opening.minute else ""
    to_the = "à" if opening.hour == 1 else "às"
    return f"{day}{date} {to_the} {opening.hour}h{minutes}"


def _by_the_hour(open_now: str, opens_later: str, *, business: Business, now: datetime) -> str:
    opening = business.opens_at(now)
    if opening is None:
        return open_now.format(organization=business.name)
    return opens_later.format(
        organization=business.name, opening=opening_in_words(opening, now=now, locale=business.locale)
    )
