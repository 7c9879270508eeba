"""The responder without a model: the business's own words, or a person. Over real knowledge in a real database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from functions.agent_execution.responding import knowledge_responder
from shared.agents.extractive import ANSWER_CHARACTERS, excerpt
from shared.agents.turns import TurnReport, run_turn
from shared.knowledge.importing import import_folder
from shared.knowledge.retrieval import Passage
from tests.support.answers import ScriptedSender
from tests.support.conversations import TIMES, Scene

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = {
    "horario.md": "# Horário\n\nAbrimos de segunda a sábado, das 7h às 19h. Aos domingos fechamos às 13h.\n",
    "entrega.md": (
        "# Entrega\n\nEntregamos em toda a zona oeste. A taxa de entrega é de R$ 8,00 e o pedido mínimo R$ 40,00.\n"
    ),
    "trocas.md": "# Trocas\n\nTrocamos produtos com defeito em até 24 horas, com a nota fiscal.\n",
}


@pytest.fixture
def bakery(scene: Scene, tmp_path: Path) -> Scene:
    """A business with three short articles."""
    for name, text in ARTICLES.items():
        (tmp_path / name).write_text(text)
    import_folder(scene.application, scene.organization_id, tmp_path)
    return scene


def answer(scene: Scene, *texts: str) -> tuple[list[str], TurnReport]:
    scene.customer = str(uuid4().int % 10**12)
    scene.says(*texts)
    sender = ScriptedSender()
    report = run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=knowledge_responder(scene.application),
        sender=sender,
        times=TIMES,
    )
    return sender.texts, report


def test_a_question_is_answered_from_the_business_own_words(bakery: Scene) -> None:
    texts, report = answer(bakery, "Oi!", "vocês abrem no domingo?")
    assert texts == ["Abrimos de segunda a sábado, das 7h às 19h. Aos domingos fechamos às 13h."]
    assert report.result == "answered"


def test_two_questions_of_a_burst_are_answered_in_one_reply_in_their_order(bakery: Scene) -> None:
    texts, _ = answer(bakery, "qual a taxa de entrega?", "e que horas abrem no domingo?")
    assert len(texts) == 1
    assert texts[0].index("R$ 8,00") < texts[0].index("Aos domingos")


def test_a_question_beyond_the_knowledge_is_handed_to_a_person(bakery: Scene) -> None:
    """K-02: nothing is invented; the best rejected score is kept."""
    texts, report = answer(bakery, "vocês consertam bicicleta elétrica?")
    assert texts == [
        "Não tenho essa informação aqui. Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você."
    ]
    assert (report.result, report.reason) == ("abstained", "knowledge_gap")
    assert bakery.conversation("automation_state") == "human"
    [[made]] = bakery.rows("SELECT output_data FROM departments.agent_executions")
    assert made["chunk_ids"] == []
    assert 0 <= made["best_scores"][0] < 1


def test_what_is_known_is_said_before_a_person_is_called_for_the_rest(bakery: Scene) -> None:
    texts, report = answer(bakery, "qual a taxa de entrega?", "vocês consertam bicicleta elétrica?")
    [text] = texts
    assert text.startswith("Entregamos em toda a zona oeste.")
    assert text.endswith("Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você.")
    assert report.result == "abstained"


def test_the_record_names_the_passages_and_their_scores(bakery: Scene) -> None:
    """A-14, K-04."""
    answer(bakery, "qual a taxa de entrega?")
    [[made]] = bakery.rows("SELECT output_data FROM departments.agent_executions")
    assert len(made["chunk_ids"]) == len(made["scores"]) > 0
    assert set(made["used"]) <= set(made["chunk_ids"])
    chunks = {str(row[0]) for row in bakery.rows("SELECT id FROM platform.knowledge_chunks")}
    assert set(made["chunk_ids"]) <= chunks
    assert made["scores"] == sorted(made["scores"], reverse=True)


@pytest.mark.parametrize(
    ("burst", "beginning"),
    [(["Oi", "bom dia!"], "Olá! Aqui é o assistente virtual da Padaria Aurora"), (["obrigada"], "Eu que agradeço!")],
)
def test_courtesy_is_returned_without_asking_the_knowledge(bakery: Scene, burst: list[str], beginning: str) -> None:
    texts, report = answer(bakery, *burst)
    assert texts[0].startswith(beginning)
    assert report.result == "answered"


def test_a_thumb_up_is_not_answered(bakery: Scene) -> None:
    texts, report = answer(bakery, "👍")
    assert (texts, report.result) == ([], "answered")


def test_a_message_that_cannot_be_read_is_a_persons(bakery: Scene) -> None:
    texts, report = answer(bakery, "???")
    assert "Já chamei" in texts[0]
    assert report.reason == "unreadable_message"


def test_the_platform_speaks_the_organizations_language(bakery: Scene) -> None:
    bakery.execute("UPDATE platform.organizations SET locale = 'en-US'")
    texts, _ = answer(bakery, "hello")
    assert texts[0].startswith("Hello! This is Padaria Aurora's virtual assistant.")


def test_a_turn_over_the_knowledge_needs_five_round_trips(bakery: Scene) -> None:
    answer(bakery, "abrem no domingo?")
    before = bakery.application.round_trips
    answer(bakery, "qual a taxa de entrega?")
    assert bakery.application.round_trips - before == 5


def test_three_questions_stay_within_the_ten_round_trips(bakery: Scene) -> None:
    answer(bakery, "abrem no domingo?")
    before = bakery.application.round_trips
    answer(bakery, "qual a taxa de entrega?", "abrem domingo?", "trocam produto com defeito?", "e o pedido mínimo?")
    assert bakery.application.round_trips - before <= 10


def passage(content: str) -> Passage:
    return Passage(uuid4(), uuid4(), "Entrega", content, 0.9, 1, 1)


def test_a_long_passage_is_cut_to_the_sentences_that_speak_of_the_question() -> None:
    filler = "Esta frase fala de outra coisa muito diferente e comprida. " * 20
    text = excerpt(passage(f"{filler}A entrega custa R$ 8,00 na Av. Paulista. {filler}"), "quanto custa a entrega?")
    assert "A entrega custa R$ 8,00 na Av. Paulista." in text
    assert len(text) <= ANSWER_CHARACTERS


def says_with_file(scene: Scene, kind: str, *, caption: str | None = None, reading: str | None = None) -> list[str]:
    """The reply to one message of this kind."""
    scene.customer = str(uuid4().int % 10**12)
    scene.says(caption or "")
    scene.execute(
        "UPDATE platform.messages SET message_type = %s, text_content = %s, metadata = %s::jsonb",
        kind,
        caption,
        json.dumps({"media_reading": {"0": {"text": reading} if reading else {"unread": "no_reader"}}}),
    )
    sender = ScriptedSender()
    run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=knowledge_responder(scene.application),
        sender=sender,
        times=TIMES,
    )
    return sender.texts


@pytest.mark.parametrize(
    ("kind", "caption"), [("audio", None), ("image", None), ("image", "vocês abrem no domingo?"), ("document", "pix")]
)
def test_what_nobody_has_read_is_a_persons(bakery: Scene, kind: str, caption: str | None) -> None:
    """The caption may be about what is in the picture."""
    assert "Já chamei uma pessoa" in says_with_file(bakery, kind, caption=caption)[0]
    assert bakery.conversation("automation_state") == "human"


def test_a_voice_note_that_was_read_is_answered_like_a_text(bakery: Scene) -> None:
    texts = says_with_file(bakery, "audio", reading="vocês abrem no domingo?")
    assert texts == ["Abrimos de segunda a sábado, das 7h às 19h. Aos domingos fechamos às 13h."]


def test_a_sticker_asks_nothing(bakery: Scene) -> None:
    assert says_with_file(bakery, "sticker") == []
    assert bakery.conversation("automation_state") == "auto"
