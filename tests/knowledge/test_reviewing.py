"""K-06: what is past its date answers nothing and is listed for a person, and so is what nobody looked at for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.kit.errors import Rejected
from shared.knowledge.reviewing import mark_reviewed, review_list, set_review_days
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from tests.knowledge.ingesting import Knowing
    from tests.support.database import Database

PROMOTION = "---\nvalid_until: {}\n---\nO bolo de cenoura custa 10 reais na promoção."


def listed(knowing: Knowing) -> list[tuple[str | None, str]]:
    return [(item.path, item.reason) for item in review_list(knowing.means.database, knowing.organization_id)]


def aged(knowing: Knowing, path: str, column: str, days: int) -> None:
    knowing.rows(
        f"UPDATE platform.knowledge_base SET {column} = now() - make_interval(days => :days) WHERE source_path = :path",
        days=days,
        path=path,
    )


def test_an_expired_price_is_not_told_and_is_listed_until_its_source_says_another_date(knowing: Knowing) -> None:
    """K-06."""
    knowing.known("promo.md", PROMOTION.format("2020-01-31"))
    question = "Quanto custa o bolo de cenoura na promoção?"
    assert knowing.answer(question) is None
    assert listed(knowing) == [("promo.md", "expired")]
    mark_reviewed(knowing.means.database, knowing.organization_id, ["promo.md"])
    assert listed(knowing) == [("promo.md", "expired")]
    knowing.known("promo.md", PROMOTION.format("2999-12-31"))
    assert listed(knowing) == []
    assert knowing.answer(question) == "O bolo de cenoura custa 10 reais na promoção."


def test_what_nobody_looked_at_for_the_interval_is_listed_and_reviewing_takes_it_off(knowing: Knowing) -> None:
    """K-06: the interval is the organization's own."""
    for path in ("a.md", "b.md", "c.md"):
        knowing.known(path, f"Aceitamos Pix em {path}.")
    aged(knowing, "a.md", "created_at", 181)
    aged(knowing, "b.md", "created_at", 179)
    aged(knowing, "c.md", "created_at", 400)
    aged(knowing, "c.md", "reviewed_at", 20)
    database, organization_id = knowing.means.database, knowing.organization_id
    assert listed(knowing) == [("a.md", "due")]
    assert knowing.answer("Aceitam Pix em a.md?") is not None, "it is still used"
    set_review_days(database, organization_id, days=10)
    assert listed(knowing) == [("a.md", "due"), ("b.md", "due"), ("c.md", "due")]
    assert mark_reviewed(database, organization_id, ["a.md", "c.md", "a.md"]) == 2
    assert listed(knowing) == [("b.md", "due")]


def test_marking_what_is_not_known_marks_nothing(knowing: Knowing) -> None:
    knowing.known("a.md", "Aceitamos Pix.")
    aged(knowing, "a.md", "created_at", 181)
    with pytest.raises(Rejected, match=r"nothing is known from z\.md"):
        mark_reviewed(knowing.means.database, knowing.organization_id, ["a.md", "z.md"])
    assert listed(knowing) == [("a.md", "due")]


def test_an_interval_is_a_number_of_days_of_an_organization_that_knows_something(
    knowing: Knowing, shared_database: Database
) -> None:
    database = knowing.means.database
    for days in (0, 3651):
        with pytest.raises(Rejected, match="1 to 3650 days"):
            set_review_days(database, knowing.organization_id, days=days)
    with pytest.raises(Rejected, match="knows nothing yet"):
        set_review_days(database, make_organization(shared_database).organization_id, days=30)
