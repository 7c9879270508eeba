"""The FAQ builder when processes die, run at once, belong to different organizations, or lose what they read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from shared.kit.errors import Rejected
from shared.knowledge.faq.deciding import approve, reject
from tests.support.faq_shop import FaqShop, faq_shop
from tests.support.operators import operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

PIX = ("c: Aceitam Pix?", "h: Aceitamos Pix.")
_RUN = """
import os, uuid
from shared.agents import faq_builder
from shared.platform.database import connect
from shared.platform.settings import DatabaseSettings
faq_builder.BATCH = 1
faq_builder.build_drafts(connect(DatabaseSettings()), uuid.UUID(os.environ["ORGANIZATION"]))
"""


@pytest.fixture
def environment(shared_database: Database, tmp_path: Path) -> Iterator[dict[str, str]]:
    with operator_of(shared_database, tmp_path) as operator:
        yield operator.environment


@pytest.fixture
def shop(shared_database: Database, tmp_path: Path) -> Iterator[FaqShop]:
    with operator_of(shared_database, tmp_path) as operator, faq_shop(shared_database, operator.database) as opened:
        yield opened


@pytest.mark.parametrize(("point", "stored"), [("FAQ_READ", 1), ("FAQ_STORED", 2)])
def test_a_run_that_is_killed_at_a_step_is_finished_by_the_next_as_if_it_had_lived(
    shop: FaqShop, environment: dict[str, str], point: str, stored: int
) -> None:
    """K-07."""
    for question in ("Aceitam Pix?", "Abrem domingo?", "Tem estacionamento?"):
        shop.talk(f"c: {question}", f"h: {question[:-1]}: sim, temos e fazemos.")
    crash = {"CRASH_POINT": point, "CRASH_HIT": "2", "ORGANIZATION": str(shop.organization_id)}
    ended = subprocess.run([sys.executable, "-c", _RUN], env={**os.environ, **environment, **crash}, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(shop.told()) == stored
    report = shop.build()
    assert report.answers_read == 3 - stored
    assert [asked for *_, asked in shop.told()] == [1, 1, 1]


def test_runs_at_one_moment_do_the_work_once(shop: FaqShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """K-07."""
    monkeypatch.setattr("shared.agents.faq_builder.BATCH", 2)
    for _ in range(3):
        shop.talk(*PIX)
        shop.talk("c: Abrem domingo?", "h: Abrimos das 8h às 12h.")
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(shop.build())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.answers_read for report in reports) == 6
    assert sorted(asked for *_, asked in shop.told()) == [3, 3]


def test_two_organizations_with_the_same_question_know_nothing_of_each_other(
    shop: FaqShop, shared_database: Database
) -> None:
    """K-07, K-08."""
    with faq_shop(shared_database, shop.application) as other:
        for each in (shop, other):
            each.talk(*PIX)
            each.build()
        mine, theirs = shop.draft().id, other.draft().id
        for decide in (approve, reject):
            with pytest.raises(Rejected) as refusal:
                decide(shop.application, shop.organization_id, theirs)
            assert refusal.value.code == "faq_draft_unknown"
        reject(shop.application, shop.organization_id, mine)
        assert approve(other.application, other.organization_id, theirs).outcome == "approved"
        assert (shop.live(), other.live()) == ([], [("Aceitam Pix?", "Aceitamos Pix.")])
        shop.talk(*PIX)
        assert dict(shop.build().left_out) == {"rejected_before": 1}


def message(shop: FaqShop, sender: str) -> UUID:
    [(found,)] = shop.rows("SELECT id FROM platform.messages WHERE sender_type = :sender", sender=sender)
    return UUID(str(found))


@pytest.mark.parametrize("sender", ["customer", "human"])
def test_a_draft_vanishes_with_a_message_that_is_taken_back(shop: FaqShop, sender: str) -> None:
    """K-10: in the transaction that takes it back."""
    shop.talk(*PIX)
    shop.build()
    shop.execute(
        "UPDATE platform.messages SET deleted_at = now(), text_content = NULL WHERE id = %s", message(shop, sender)
    )
    assert shop.rows("SELECT 1 FROM platform.faq_drafts") == []
    assert shop.rows("SELECT 1 FROM platform.faq_draft_sources") == []


def test_a_draft_vanishes_with_its_conversation_and_another_conversation_only_counts_less(shop: FaqShop) -> None:
    """K-10."""
    first = shop.talk(*PIX)
    second = shop.talk(*PIX)
    shop.build()
    assert shop.told() == [("Aceitam Pix?", "Aceitamos Pix.", 2)]
    shop.execute("DELETE FROM platform.conversations WHERE id = %s", first)
    assert shop.told() == [("Aceitam Pix?", "Aceitamos Pix.", 1)]
    shop.execute("DELETE FROM platform.conversations WHERE id = %s", second)
    assert shop.told() == []


def test_what_was_decided_outlives_the_conversation_and_an_approval_goes_with_its_entry(shop: FaqShop) -> None:
    """K-10."""
    conversation_id = shop.talk(*PIX)
    shop.build()
    decided = approve(shop.application, shop.organization_id, shop.draft().id)
    shop.execute("DELETE FROM platform.conversations WHERE id = %s", conversation_id)
    assert len(shop.drafts("approved")) == 1
    shop.execute("DELETE FROM platform.knowledge_base WHERE id = %s", decided.entry_id)
    assert shop.drafts("approved") == []
