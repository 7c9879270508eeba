from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from shared.kit.errors import Rejected
from shared.knowledge.faq.deciding import Contradiction, Decided, approve, reject
from shared.knowledge.faq.listing import find_draft
from shared.knowledge.importing import import_folder
from shared.knowledge.retrieval import retrieve
from tests.support.conversations import open_database
from tests.support.faq_shop import FaqShop, faq_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database

PIX = ("c: Aceitam Pix?", "h: Aceitamos Pix e cartão.")
PIX_NOW = ("c: Aceitam Pix?", "h: Não aceitamos mais Pix, só cartão.")


@pytest.fixture(scope="module")
def application(shared_database: Database) -> Iterator[ApplicationDatabase]:
    opened = open_database(shared_database, "application", pool_size=8)
    yield opened
    opened.close()


@pytest.fixture
def shop(shared_database: Database, application: ApplicationDatabase) -> Iterator[FaqShop]:
    with faq_shop(shared_database, application) as opened:
        yield opened


def drafted(shop: FaqShop, *lines: str) -> UUID:
    """The draft of a conversation that is read now."""
    shop.talk(*lines)
    shop.build()
    return shop.draft().id


def decide(shop: FaqShop, draft_id: UUID, **options: Any) -> Decided:
    return approve(shop.application, shop.organization_id, draft_id, **options)


def answer(shop: FaqShop, question: str) -> list[str]:
    found = retrieve(shop.application, organization_id=shop.organization_id, question=question)
    return [passage.content for passage in found.passages]


def test_nothing_is_live_before_it_is_approved_and_then_it_answers(shop: FaqShop) -> None:
    """K-07."""
    draft_id = drafted(shop, *PIX)
    assert (shop.live(), answer(shop, "Posso pagar com pix?")) == ([], [])
    decided = decide(shop, draft_id)
    assert decided.outcome == "approved"
    assert shop.live() == [("Aceitam Pix?", "Aceitamos Pix e cartão.")]
    assert answer(shop, "Posso pagar com pix?") == ["Aceitamos Pix e cartão."]
    assert shop.rows(
        "SELECT k.id, k.content_type, k.auto_generated, k.version, k.question_key, k.reviewed_at IS NOT NULL,"
        " c.heading, c.embedding_model"
        " FROM platform.knowledge_base k JOIN platform.knowledge_chunks c ON c.knowledge_id = k.id"
    ) == [(decided.entry_id, "faq", True, 1, "aceit pix", True, "Aceitam Pix?", "hashed-ngrams-pt-2")]
    assert find_draft(shop.application, shop.organization_id, draft_id).state == "approved"
    assert shop.rows(
        "SELECT action, metadata ->> 'decision' FROM audit.activity_logs WHERE resource_id = :id", id=draft_id
    ) == [("faq.approved", "approve")]


def test_a_draft_is_decided_once(shop: FaqShop) -> None:
    draft_id = drafted(shop, *PIX)
    decide(shop, draft_id)
    for again in (approve, reject):
        with pytest.raises(Rejected) as refusal:
            again(shop.application, shop.organization_id, draft_id)
        assert refusal.value.code == "faq_draft_decided"
    with pytest.raises(Rejected) as refusal:
        decide(shop, uuid4())
    assert refusal.value.code == "faq_draft_unknown"


def test_what_is_live_already_makes_no_draft(shop: FaqShop) -> None:
    """K-07."""
    decide(shop, drafted(shop, *PIX))
    shop.talk("c: Posso pagar com pix?", "h: aceitamos pix e cartao")
    assert dict(shop.build().left_out) == {"live_already": 1}
    assert shop.told() == []


@pytest.mark.parametrize(
    "words", ["Aceitam Pix?", "ACEITAM PIX", "Bom dia, vocês aceitam pix, por favor?", "dá pra pagar no Pix?"]
)
def test_a_rejected_question_does_not_come_back_in_these_or_other_words(shop: FaqShop, words: str) -> None:
    """K-07."""
    reject(shop.application, shop.organization_id, drafted(shop, *PIX))
    shop.talk(f"c: {words}", "h: Aceitamos Pix sim, pode pagar na loja.")
    assert dict(shop.build().left_out) == {"rejected_before": 1}
    assert shop.told() == []


def test_a_rejected_question_is_known_under_another_embedding_model(shop: FaqShop) -> None:
    reject(shop.application, shop.organization_id, drafted(shop, *PIX))
    shop.execute(
        "UPDATE platform.faq_drafts SET embedding_model = 'former' WHERE organization_id = %s", shop.organization_id
    )
    shop.talk("c: dá pra pagar no Pix?", "h: Aceitamos Pix sim.")
    assert dict(shop.build().left_out) == {"rejected_before": 1}


def test_approving_what_contradicts_a_live_entry_needs_a_choice(shop: FaqShop) -> None:
    """K-08."""
    first = decide(shop, drafted(shop, *PIX)).entry_id
    draft_id = drafted(shop, *PIX_NOW)
    conflict = shop.draft().conflict
    assert conflict is not None
    assert (conflict.entry_id, conflict.answer) == (first, "Aceitamos Pix e cartão.")
    with pytest.raises(Contradiction) as refusal:
        decide(shop, draft_id)
    assert (refusal.value.code, refusal.value.live.entry_id) == ("faq_conflict", first)
    assert shop.live() == [("Aceitam Pix?", "Aceitamos Pix e cartão.")]


def test_replacing_takes_the_other_entry_out_of_use_as_its_next_version(shop: FaqShop) -> None:
    """K-08."""
    first = decide(shop, drafted(shop, *PIX)).entry_id
    decided = decide(shop, drafted(shop, *PIX_NOW), choice="replace")
    assert (decided.outcome, decided.instead_of) == ("replaced", first)
    assert shop.live() == [("Aceitam Pix?", "Não aceitamos mais Pix, só cartão.")]
    assert answer(shop, "aceitam pix?") == ["Não aceitamos mais Pix, só cartão."]
    assert shop.rows("SELECT id, version, parent_id, status FROM platform.knowledge_base ORDER BY version") == [
        (first, 1, None, "deprecated"),
        (decided.entry_id, 2, first, "active"),
    ]


def test_keeping_rejects_the_draft_and_this_answer_does_not_come_back_but_another_may(shop: FaqShop) -> None:
    """K-08."""
    decide(shop, drafted(shop, *PIX))
    assert decide(shop, drafted(shop, *PIX_NOW), choice="keep").outcome == "kept"
    assert shop.live() == [("Aceitam Pix?", "Aceitamos Pix e cartão.")]
    shop.talk(*PIX_NOW)
    assert dict(shop.build().left_out) == {"rejected_before": 1}
    shop.talk("c: Aceitam Pix?", "h: Aceitamos Pix a partir de 20 reais.")
    shop.build()
    assert shop.told() == [("Aceitam Pix?", "Aceitamos Pix a partir de 20 reais.", 1)]


def test_a_choice_is_about_the_entry_that_was_shown(shop: FaqShop) -> None:
    """K-08: an entry that came meanwhile is shown before it is replaced."""
    draft_id = drafted(shop, *PIX)
    shop.execute(
        "INSERT INTO platform.knowledge_base (organization_id, title, content, question_key)"
        " VALUES (%s, 'Pix?', 'Só em janeiro.', %s)",
        *(shop.organization_id, "aceit pix"),
    )
    with pytest.raises(Contradiction):
        decide(shop, draft_id, choice="replace")
    assert shop.live() == [("Pix?", "Só em janeiro.")]
    assert decide(shop, draft_id, choice="replace").outcome == "replaced"
    assert shop.live() == [("Aceitam Pix?", "Aceitamos Pix e cartão.")]


def test_keep_needs_a_conflict_and_what_the_knowledge_says_anyhow_is_not_approved_twice(shop: FaqShop) -> None:
    draft_id = drafted(shop, *PIX)
    with pytest.raises(Rejected) as refusal:
        decide(shop, draft_id, choice="keep")
    assert refusal.value.code == "faq_no_conflict"
    shop.execute(
        "INSERT INTO platform.knowledge_base (organization_id, title, content, question_key)"
        " VALUES (%s, 'Pix?', %s, %s)",
        *(shop.organization_id, "Aceitamos Pix e cartão!", "aceit pix"),
    )
    assert decide(shop, draft_id).outcome == "live_already"
    assert [draft.id for draft in shop.drafts("stale")] == [draft_id]


def test_an_answer_that_is_written_in_a_file_is_changed_in_the_file(shop: FaqShop, tmp_path: Path) -> None:
    """K-08: the next import would bring it back, and there would be two."""
    (tmp_path / "faq.md").write_text("# Perguntas\n\n## Aceitam Pix?\n\nSim, sempre.\n\n## Abrem domingo?\n\nNão.\n")
    import_folder(shop.application, shop.organization_id, tmp_path)
    draft_id = drafted(shop, *PIX_NOW)
    conflict = shop.draft().conflict
    assert conflict is not None
    assert conflict.in_file
    with pytest.raises(Rejected) as refusal:
        decide(shop, draft_id, choice="replace")
    assert refusal.value.code == "faq_in_file"
    assert answer(shop, "aceitam pix?")[0] == "Sim, sempre."
    assert decide(shop, draft_id, choice="keep").outcome == "kept"


def at_once(*calls: Any) -> list[Any]:
    """What calls return, or raise as Rejected, when they begin together."""
    barrier, ended = threading.Barrier(len(calls)), list[Any]([None] * len(calls))

    def run(place: int, call: Any) -> None:
        barrier.wait()
        try:
            ended[place] = call()
        except Rejected as refusal:
            ended[place] = refusal.code

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def copies(shop: FaqShop, count: int, *, vary: bool) -> list[UUID]:
    """Open drafts of one question with different answers; of different keys when they vary."""
    source = drafted(shop, *PIX)
    found = [source]
    for place in range(1, count):
        copy = uuid4()
        key = f"aceit pix{' ' * place if vary else ''}"
        shop.execute(
            "INSERT INTO platform.faq_drafts (id, organization_id, question_key, question, answer, embedding,"
            " embedding_model, question_message_id, answer_message_id)"
            " SELECT %s, organization_id, %s, question, %s, embedding, embedding_model, question_message_id,"
            " answer_message_id FROM platform.faq_drafts WHERE id = %s",
            *(copy, key, f"Aceitamos Pix acima de {place}0 reais.", source),
        )
        found.append(copy)
    return found


def test_of_approvals_at_one_moment_one_makes_an_entry_and_the_others_meet_it(shop: FaqShop) -> None:
    """K-08: never two live answers."""
    drafts = copies(shop, 4, vary=True)
    ended = at_once(*[lambda draft_id=draft_id: decide(shop, draft_id) for draft_id in drafts])
    assert sorted(outcome if isinstance(outcome, str) else outcome.outcome for outcome in ended) == [
        "approved",
        *["faq_conflict"] * 3,
    ]
    assert len(shop.live()) == 1


def test_the_same_draft_approved_and_rejected_at_one_moment_has_one_decision(shop: FaqShop) -> None:
    """K-08."""
    draft_id = drafted(shop, *PIX)
    calls = [lambda: decide(shop, draft_id), lambda: reject(shop.application, shop.organization_id, draft_id)] * 2
    ended = at_once(*calls)
    assert ended.count("faq_draft_decided") == 3
    assert len(shop.live()) == (1 if shop.drafts("approved") else 0)


def test_without_the_lock_the_unique_key_alone_keeps_one_live_answer(
    shop: FaqShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K-08: whatever else writes, the database holds it."""
    shop.execute("DROP INDEX platform.faq_drafts_open")
    try:
        drafts = copies(shop, 4, vary=False)
        monkeypatch.setattr("shared.knowledge.faq.queries.lock_drafts", lambda *_: None)
        ended = at_once(*[lambda draft_id=draft_id: decide(shop, draft_id) for draft_id in drafts])
    finally:
        shop.execute("DELETE FROM platform.faq_drafts")
        shop.execute(
            "CREATE UNIQUE INDEX faq_drafts_open ON platform.faq_drafts (organization_id, question_key)"
            " WHERE state = 'draft'"
        )
    assert sum(isinstance(outcome, Decided) for outcome in ended) == 1
    assert len(shop.live()) == 1
