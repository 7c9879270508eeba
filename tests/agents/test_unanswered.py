from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.agents.extractive import ExtractiveResponder
from shared.agents.turns import run_turn
from shared.agents.unanswered import UnansweredReport, unanswered_questions
from shared.kit.errors import Rejected
from shared.knowledge.retrieval import retrieve
from tests.support.answers import ScriptedSender
from tests.support.conversations import TIMES, Scene
from tests.support.faq_shop import FaqShop, faq_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from shared.knowledge.models import Retrieval
    from tests.support.database import Database

FIRST = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
NEXT = (FIRST + timedelta(days=32)).replace(day=1)
MONTH, BEFORE, AFTER = (f"{day:%Y-%m}" for day in (FIRST, FIRST - timedelta(days=1), NEXT))
TENTH = FIRST + timedelta(days=9)


@pytest.fixture
def shop(shared_database: Database, scene: Scene) -> Iterator[FaqShop]:
    """Another organization than the scene's."""
    with faq_shop(shared_database, scene.application) as opened:
        yield opened


def report(shop: FaqShop, month: str = MONTH, **options: Any) -> UnansweredReport:
    return unanswered_questions(shop.application, shop.organization_id, month=month, **options)


def turn(shop: FaqShop, *texts: str, at: datetime = TENTH, **output: object) -> UUID:
    """A turn that could not answer these messages."""
    conversation_id = shop.talk()
    for text in texts:
        message_id = shop.write(conversation_id, f"c: {text}", at=at)
        shop.execute(
            "UPDATE platform.messages SET seq = (SELECT count(*) FROM platform.messages WHERE conversation_id = %s)"
            " WHERE id = %s",
            *(conversation_id, message_id),
        )
    shop.execute(
        "INSERT INTO departments.agent_executions (organization_id, agent_id, trigger_type, conversation_id, from_seq,"
        " to_seq, status, outcome, output_data, created_at)"
        " VALUES (%s, %s, 'webhook', %s, 1, %s, 'completed', 'abstained', %s, %s)",
        *(shop.organization_id, shop.tenant.agent_id, conversation_id, len(texts)),
        *(json.dumps({"reason": "knowledge_gap"} | output), at),
    )
    return conversation_id


def test_what_a_real_turn_could_not_answer_is_reported(scene: Scene) -> None:
    """K-09."""
    scene.execute("DELETE FROM platform.knowledge_base")

    def find(organization_id: UUID, question: str) -> Retrieval:
        return retrieve(scene.application, organization_id=organization_id, question=question)

    scene.says("Oi!", "Vocês consertam celular?")
    run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=ExtractiveResponder(retrieve=find),
        sender=ScriptedSender(),
        times=TIMES,
    )
    month = scene.value("SELECT to_char(now() AT TIME ZONE 'America/Sao_Paulo', 'YYYY-MM')")
    [one] = unanswered_questions(scene.application, scene.organization_id, month=month).questions
    assert (one.question, one.count, one.conversations, one.best_score) == ("Vocês consertam celular?", 1, 1, 0.0)
    assert one.message_ids == (
        scene.value("SELECT id FROM platform.messages WHERE direction = 'inbound' AND text_content LIKE %s", "Voc%"),
    )


def test_the_same_question_is_grouped_over_conversations_and_the_most_asked_comes_first(shop: FaqShop) -> None:
    """K-09."""
    turn(shop, "Tem wi-fi?", best_scores=[0.1])
    for text, score in (
        ("Qual o valor do frete?", 0.2),
        ("quanto custa a entrega", 0.31),
        ("Quanto é a entrega?", 0.05),
    ):
        turn(shop, "Bom dia", text, best_scores=[score])
    found = report(shop)
    assert (found.turns, found.complete, found.timezone) == (4, True, "America/Sao_Paulo")
    assert [(one.count, one.conversations, one.best_score) for one in found.questions] == [(3, 3, 0.31), (1, 1, 0.1)]
    assert len(found.questions[0].message_ids) == 3
    assert [one.count for one in report(shop, limit=1).questions] == [3]


def test_of_a_burst_only_what_was_not_answered_counts(shop: FaqShop) -> None:
    """K-09."""
    conversation_id = turn(shop, "Aceitam Pix?", "E consertam celular?")
    [(first,), (second,)] = shop.rows(
        "SELECT id FROM platform.messages WHERE conversation_id = :id ORDER BY seq", id=conversation_id
    )
    shop.execute(
        "UPDATE departments.agent_executions SET output_data = %s WHERE conversation_id = %s",
        json.dumps(
            {
                "reason": "customer_asked",
                "best_scores": [0.9, 0.3],
                "unanswered": [{"text": "E consertam celular?", "message_id": str(second)}],
            }
        ),
        conversation_id,
    )
    [one] = report(shop).questions
    assert (one.question, one.best_score, one.message_ids) == ("E consertam celular?", 0.3, (second,))
    shop.execute("UPDATE platform.messages SET deleted_at = now(), text_content = NULL WHERE id = %s", second)
    assert report(shop).questions == ()
    assert first != second


@pytest.mark.parametrize(
    ("at", "zone", "month"),
    [
        (FIRST + timedelta(hours=3, seconds=-1), "America/Sao_Paulo", BEFORE),
        (FIRST + timedelta(hours=3), "America/Sao_Paulo", MONTH),
        (NEXT + timedelta(hours=3, seconds=-1), "America/Sao_Paulo", MONTH),
        (NEXT + timedelta(hours=3), "America/Sao_Paulo", AFTER),
        (FIRST, "UTC", MONTH),
    ],
)
def test_a_month_is_the_organizations_own(shop: FaqShop, at: datetime, zone: str, month: str) -> None:
    """K-09."""
    shop.execute("UPDATE platform.organizations SET timezone = %s WHERE id = %s", zone, shop.organization_id)
    turn(shop, "Tem wi-fi?", at=at)
    assert {name for name in (BEFORE, MONTH, AFTER) if report(shop, name).turns} == {month}


def test_personal_data_is_not_shown(shop: FaqShop) -> None:
    """K-09, K-07."""
    turn(shop, "Consertam celular? Meu CPF é 529.982.247-25")
    assert "529" not in report(shop).questions[0].question
    turn(shop, "Consertam tablet?", at=TENTH - timedelta(days=1))
    turn(shop, "Sou a Joana, vocês consertam tablet?", at=TENTH + timedelta(days=1))
    assert "Joana" not in "".join(one.question for one in report(shop).questions)


def test_answered_turns_and_turns_of_others_are_not_counted(shop: FaqShop, scene: Scene) -> None:
    turn(shop, "Tem wi-fi?", reason="spending_limit")
    assert report(shop).turns == 0
    turn(shop, "Tem wi-fi?")
    assert report(shop).turns == 1
    assert unanswered_questions(scene.application, scene.organization_id, month=MONTH).turns == 0


def test_more_turns_than_are_read_are_told(shop: FaqShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.agents.unanswered.MOST_TURNS", 1)
    turn(shop, "Tem wi-fi?")
    assert report(shop).complete
    turn(shop, "Tem wi-fi?")
    found = report(shop)
    assert (found.turns, found.complete) == (1, False)


@pytest.mark.parametrize("month", ["2026", "2026-13", "11-2026", "2026-11-01", "'; --"])
def test_what_is_no_month_is_refused(shop: FaqShop, month: str) -> None:
    with pytest.raises(Rejected) as refusal:
        report(shop, month)
    assert refusal.value.code == "month_unusable"
