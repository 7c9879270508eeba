"""`departments faq`: what people answered becomes drafts, is compared, approved and rejected; what was not answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.cli.command import Ended, departments, error_of
from tests.support.faq_shop import FaqShop, faq_shop
from tests.support.operators import operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


class Desk:
    """A shop and the command of its operator."""

    def __init__(self, shop: FaqShop, environment: dict[str, str]) -> None:
        self.shop, self.environment = shop, environment

    def run(self, *arguments: str, lang: str = "en") -> Ended:
        organization = ("--organization", str(self.shop.organization_id))
        return departments("--lang", lang, "faq", *arguments, *organization, environment=self.environment)

    def data(self, *arguments: str) -> Any:
        ended = self.run(*arguments, "--json")
        assert ended.code == 0, ended.err
        return ended.data


@pytest.fixture
def desk(shared_database: Database, tmp_path: Path) -> Iterator[Desk]:
    with (
        operator_of(shared_database, tmp_path) as operator,
        faq_shop(shared_database, operator.database) as shop,
    ):
        yield Desk(shop, operator.environment)


def test_answers_become_drafts_and_a_contradiction_is_shown_and_chosen(desk: Desk) -> None:
    """K-07, K-08: the whole way at the command line."""
    desk.shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.")
    desk.shop.talk("c: Meu CPF é 529.982.247-25, aceitam Pix?", "h: Aceitamos Pix.")
    built = desk.data("build")
    assert (built["answers_read"], built["drafts_made"], built["left_out"]) == (2, 1, {"private_cpf": 1})
    [draft] = desk.data("drafts")["drafts"]
    assert desk.data("approve", draft["id"])["outcome"] == "approved"

    desk.shop.talk("c: Dá pra pagar no pix?", "h: Não aceitamos mais Pix.")
    desk.run("build")
    [draft] = desk.data("drafts")["drafts"]
    refusal = desk.run("approve", draft["id"])
    assert (refusal.code, error_of(refusal)[0]) == (4, "faq_conflict")
    shown = desk.run("show", draft["id"]).out
    assert "Aceitamos Pix." in shown
    assert "Não aceitamos mais Pix." in shown
    assert f"departments faq approve {draft['id']} --replace" in shown
    assert desk.data("approve", draft["id"], "--replace")["outcome"] == "replaced"
    assert [answer for _, answer in desk.shop.live()] == ["Não aceitamos mais Pix."]


def test_lists_are_tables_in_both_languages(desk: Desk) -> None:
    assert "There are none." in desk.run("drafts").out
    desk.shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.")
    desk.shop.talk("c: Aceitam Pix?", "h: Um momento")
    assert "a pessoa pediu para esperar" in desk.run("build", lang="pt").out
    assert "pergunta" in desk.run("drafts", lang="pt").out
    assert "Aceitamos Pix." in desk.run("drafts", "--asked", "1").out
    assert "Não há nenhum." in desk.run("unanswered", "--month", "2026-11", lang="pt").out


def test_refusals_have_codes(desk: Desk) -> None:
    desk.shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.")
    desk.run("build")
    [draft] = desk.data("drafts")["drafts"]
    assert error_of(desk.run("approve", draft["id"], "--keep"))[0] == "faq_no_conflict"
    assert error_of(desk.run("approve", draft["id"], "--keep", "--replace"))[0] == "faq_choice"
    assert error_of(desk.run("approve", str(uuid4())))[0] == "faq_draft_unknown"
    assert desk.data("reject", draft["id"])["outcome"] == "rejected"
    assert error_of(desk.run("reject", draft["id"]))[0] == "faq_draft_decided"
    assert error_of(desk.run("drafts", "--state", "gone"))[0] == "faq_state"
    assert error_of(desk.run("unanswered", "--month", "2026-13"))[0] == "month_unusable"
