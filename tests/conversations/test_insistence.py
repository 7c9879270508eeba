"""A statement that may be said twice is said again when the database did not answer, and not for ever."""

from __future__ import annotations

import pytest

from shared.conversations.insistence import insist
from shared.kit.errors import Rejected, Unavailable


@pytest.mark.parametrize("times", [0, 1, 2])
def test_an_answer_that_was_lost_is_asked_for_again(times: int) -> None:
    calls: list[int] = []

    def unit() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise Unavailable("away")
        return "done"

    assert insist(unit) == "done"
    assert len(calls) == times + 1


def test_a_database_that_stays_away_is_the_callers_trouble() -> None:
    calls: list[int] = []

    def unit() -> None:
        calls.append(1)
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        insist(unit)
    assert len(calls) == 3


def test_what_is_wrong_for_ever_is_not_said_twice() -> None:
    calls: list[int] = []

    def unit() -> None:
        calls.append(1)
        raise Rejected("bad_task", "wrong")

    with pytest.raises(Rejected):
        insist(unit)
    assert len(calls) == 1
