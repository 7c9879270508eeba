"""H-04: the sentence of a hand-over is true at the hour at which it is said, in the customer's language."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.agents.person_called import Business, opening_in_words, person_called, still_waiting

ZONE = ZoneInfo("America/Sao_Paulo")
MORNINGS: dict[str, Any] = {"opening_hours": {day: ["09:00-12:30"] for day in ("mon", "tue", "wed", "thu", "fri")}}


def business(settings: dict[str, Any], locale: str = "pt-BR") -> Business:
    return Business(name="Padaria Aurora", locale=locale, timezone="America/Sao_Paulo", settings=settings)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_within_hours_and_without_any_a_person_was_called() -> None:
    said = "Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você."
    assert person_called(business(MORNINGS), now=at("2026-11-23T09:30")) == said
    assert person_called(business({}), now=at("2026-11-22T03:00")) == said


def test_outside_of_them_it_says_when_somebody_answers() -> None:
    assert person_called(business(MORNINGS), now=at("2026-11-21T22:00")) == (
        "Já avisei a equipe da Padaria Aurora. Uma pessoa responde a partir de segunda-feira às 9h."
    )
    assert person_called(business(MORNINGS, locale="en-US"), now=at("2026-11-21T22:00")) == (
        "I have told Padaria Aurora's team. A person answers from Monday at 9:00 on."
    )


def test_a_holiday_is_not_promised() -> None:
    """Tuesday, 2 November 2027, is a holiday, and so is Monday the 15th."""
    assert "quarta-feira às 9h" in person_called(business(MORNINGS), now=at("2027-11-01T13:00"))
    assert "terça-feira às 9h" in person_called(business(MORNINGS), now=at("2027-11-12T13:00"))


def test_wrong_hours_promise_none() -> None:
    assert "Já chamei" in person_called(business({"opening_hours": {"mon": ["always"]}}), now=at("2026-11-22T03:00"))


def test_the_update_says_no_more_than_is_true() -> None:
    assert still_waiting(business(MORNINGS), now=at("2026-11-23T10:00")) == (
        "Ainda não há ninguém da equipe da Padaria Aurora livre para responder. Seu pedido continua na fila."
    )
    assert still_waiting(business(MORNINGS), now=at("2026-11-23T13:00")).endswith("volta amanhã às 9h.")


@pytest.mark.parametrize(
    ("opening", "portuguese", "english"),
    [
        ("2026-11-23T14:00", "hoje às 14h", "today at 14:00"),
        ("2026-11-24T09:30", "amanhã às 9h30", "tomorrow at 9:30"),
        ("2026-11-28T01:00", "sábado à 1h", "Saturday at 1:00"),
        ("2026-12-07T09:00", "segunda-feira, 7/12, às 9h", "Monday, December 7, at 9:00"),
    ],
)
def test_a_moment_is_named_as_people_name_it(opening: str, portuguese: str, english: str) -> None:
    now = at("2026-11-23T10:00")
    assert opening_in_words(at(opening), now=now, locale="pt-BR") == portuguese
    assert opening_in_words(at(opening), now=now, locale="en") == english
