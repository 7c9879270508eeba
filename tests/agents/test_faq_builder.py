from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.conversations import open_database
from tests.support.faq_shop import FaqShop, faq_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database


@pytest.fixture(scope="module")
def application(shared_database: Database) -> Iterator[ApplicationDatabase]:
    opened = open_database(shared_database, "application")
    yield opened
    opened.close()


@pytest.fixture
def shop(shared_database: Database, application: ApplicationDatabase) -> Iterator[FaqShop]:
    with faq_shop(shared_database, application) as opened:
        yield opened


def test_a_question_that_people_answered_in_several_conversations_is_one_draft(shop: FaqShop) -> None:
    """K-07."""
    shop.talk("c: Bom dia! Vocês abrem no domingo?", "h: Sim, das 8h às 12h.")
    shop.talk("c: oi", "c: voces abrem aos domingos??", "h: Sim, das 8h às 12h")
    shop.talk("c: Qual o preço do frete?", "h: A entrega custa R$ 8,00 até 5 km.")
    report = shop.build()
    assert (report.answers_read, report.drafts_made, report.sources_added, report.finished) == (3, 2, 3, True)
    assert shop.told() == [
        ("voces abrem aos domingos??", "Sim, das 8h às 12h", 2),
        ("Qual o preço do frete?", "A entrega custa R$ 8,00 até 5 km.", 1),
    ]


def test_what_an_agent_wrote_is_never_an_answer_and_answers_its_question(shop: FaqShop) -> None:
    """K-07."""
    shop.talk("c: Aceitam Pix?", "a: Sim, aceitamos Pix.")
    shop.talk("c: Aceitam Pix?", "a: Sim, aceitamos Pix.", "h: Temos novidades na loja, venha conhecer!")
    report = shop.build()
    assert (report.answers_read, shop.told()) == (1, [])


def test_a_question_that_an_agent_handed_over_is_answered_by_the_person(shop: FaqShop) -> None:
    conversation_id = shop.talk("c: Aceitam Pix?")
    message_id = shop.write(conversation_id, "a: Vou chamar uma pessoa.", at=shop.clock + timedelta(seconds=5))
    shop.execute(
        "INSERT INTO platform.outbox (id, organization_id, conversation_id, connection_id, message_id, turn_seq, part,"
        " kind, recipient, payload, state)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s, 1, 1, 'handoff', 'x', '{}', 'accepted')",
        *(shop.organization_id, conversation_id, shop.tenant.connection_id, message_id),
    )
    shop.write(conversation_id, "h: Aceitamos Pix e cartão.", at=shop.clock + timedelta(seconds=60))
    shop.build()
    assert shop.told() == [("Aceitam Pix?", "Aceitamos Pix e cartão.", 1)]


def test_an_answer_in_several_messages_is_one(shop: FaqShop) -> None:
    shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.", "h: E cartão também.", "c: obrigada", "h: De nada!")
    shop.build()
    assert shop.told() == [("Aceitam Pix?", "Aceitamos Pix.\nE cartão também.", 1)]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("c: Meu CPF é 529.982.247-25, posso trocar?", "h: Pode trocar sim."), "private_cpf"),
        (("c: Posso trocar a peça?", "h: Pode, me liga no (11) 91234-5678"), "private_phone"),
        (("c: Entregam na Rua das Flores, 120?", "h: Entregamos no bairro todo."), "private_address"),
        (("c: Posso trocar o pedido 48213?", "h: Pode trocar sim."), "private_order"),
        (("c: Posso trocar a peça?", "h: Pode sim, é só falar com a Marina na loja"), "private_name"),
        (("c: Vocês abrem hoje?", "h: Abrimos até as 18h."), "momentary"),
        (("c: Meu pedido chega quando?", "h: Chega na terça-feira."), "one_customers_matter"),
        (("c: Aceitam Pix?", "h: Um momento, vou verificar"), "stalling"),
        (("c: Tem vestido vermelho?", "h: Qual tamanho você usa?"), "asks_back"),
        (("c: Aceitam Pix?", "h: Sim"), "says_nothing"),
        (("c: Aceitam Pix? E cartão?", "h: Aceitamos."), "several_questions"),
        (("c: obrigada!", "h: De nada, volte sempre"), "not_a_question"),
    ],
)
def test_what_holds_for_one_customer_or_one_day_makes_no_draft(
    shop: FaqShop, lines: tuple[str, ...], reason: str
) -> None:
    """K-07."""
    shop.talk(*lines, name="Marina Souza")
    report = shop.build()
    assert dict(report.left_out) == {reason: 1}
    assert shop.told() == []
    assert shop.rows("SELECT 1 FROM platform.faq_draft_sources") == []


def test_a_greeting_with_the_customers_name_is_left_out_of_the_answer(shop: FaqShop) -> None:
    shop.talk("c: Aceitam Pix?", "h: Oi, Marina! Aceitamos Pix.", name="Marina Souza")
    shop.build()
    assert shop.told() == [("Aceitam Pix?", "Aceitamos Pix.", 1)]


def test_one_text_that_answers_everything_answers_nothing(shop: FaqShop) -> None:
    for question in ("Aceitam Pix?", "Abrem domingo?", "Tem estacionamento?"):
        shop.talk(f"c: {question}", "h: Recebemos sua mensagem, nosso time responde em horário comercial.")
    assert dict(shop.build().left_out) == {"boilerplate": 3}


def test_the_answer_that_most_conversations_gave_is_chosen_and_of_two_the_newest(shop: FaqShop) -> None:
    shop.talk("c: Qual o frete?", "h: O frete custa 5 reais.")
    shop.talk("c: Qual o frete?", "h: O frete custa 8 reais.")
    shop.build()
    assert shop.told() == [("Qual o frete?", "O frete custa 8 reais.", 2)]
    before = shop.draft().id
    shop.talk("c: Qual o frete?", "h: O frete custa 5 reais!")
    report = shop.build()
    assert report.drafts_superseded == 1
    assert shop.told() == [("Qual o frete?", "O frete custa 5 reais!", 3)]
    assert [draft.id for draft in shop.drafts("superseded")] == [before]


def test_a_conversation_counts_once_however_often_it_asks(shop: FaqShop) -> None:
    shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.", "c: Aceitam pix mesmo?", "h: Aceitamos Pix.")
    shop.build()
    assert [asked for _, _, asked in shop.told()] == [1]


def test_running_again_changes_nothing_and_reads_only_what_is_new(shop: FaqShop) -> None:
    """K-07."""
    shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.")
    shop.build()
    before = shop.rows("SELECT id, updated_at FROM platform.faq_drafts")
    again = shop.build()
    assert (again.answers_read, again.drafts_made) == (0, 0)
    assert shop.rows("SELECT id, updated_at FROM platform.faq_drafts") == before
    shop.talk("c: Abrem domingo?", "h: Abrimos das 8h às 12h.")
    assert shop.build().answers_read == 1
    assert len(shop.told()) == 2


def test_an_answer_is_read_when_it_is_complete(shop: FaqShop) -> None:
    shop.clock = datetime.now(UTC) - timedelta(hours=1, minutes=1)
    shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.")
    assert shop.build().answers_read == 0
    assert shop.build(settled_seconds=0.0).answers_read == 1


def test_a_run_is_bounded_and_the_next_goes_on(shop: FaqShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.agents.faq_builder.BATCH", 1)
    for question in ("Aceitam Pix?", "Abrem domingo?", "Tem estacionamento?"):
        shop.talk(f"c: {question}", f"h: {question[:-1]}: sim, temos e fazemos.")
    first = shop.build(most_batches=2)
    assert (first.answers_read, first.finished) == (2, False)
    second = shop.build(most_batches=2)
    assert (second.answers_read, second.finished) == (1, True)
    assert len(shop.told()) == 3


def test_a_question_that_nobody_asks_any_more_is_stale(shop: FaqShop) -> None:
    shop.clock = datetime.now(UTC) - timedelta(days=200)
    shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.")
    assert shop.build().drafts_stale == 1
    assert [draft.question for draft in shop.drafts("stale")] == ["Aceitam Pix?"]
    shop.clock = datetime.now(UTC) - timedelta(days=1)
    shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix.")
    shop.build()
    assert shop.told() == [("Aceitam Pix?", "Aceitamos Pix.", 1)]
