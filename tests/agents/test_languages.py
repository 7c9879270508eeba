"""Languages are told by their commonest words; Portuguese is never taken for another one."""

from __future__ import annotations

import pytest

from shared.agents.languages import is_other_language, language_of, spoken_language
from tests.docs.behaviours import REPOSITORY

TEXTS = {
    "pt": "Nós abrimos de segunda a sábado das 7h às 19h, e aos domingos não temos entrega.",
    "en": "We are open from Monday to Saturday, and you can order on Sundays for the next day.",
    "es": "Abrimos los lunes y entregamos con una persona del barrio, pero hoy no tenemos pan.",
    "de": "Wir haben heute leider nicht geöffnet und sind morgen wieder für Sie da.",
    "fr": "Nous avons du pain pour vous aujourd'hui, mais pas demain dans la boutique.",
    "it": "Oggi non abbiamo pane, ma domani siamo aperti con una consegna della bottega.",
}


@pytest.mark.parametrize("code", TEXTS)
def test_a_sentence_tells_its_language(code: str) -> None:
    assert language_of(TEXTS[code]) == code
    assert is_other_language(TEXTS[code], "pt") is (code != "pt")


@pytest.mark.parametrize("text", ["", "ok", "R$ 8,00", "Pix 11 98765-4321", "Wi-Fi: Padaria Aurora", "pão de queijo"])
def test_what_is_too_short_is_in_no_language(text: str) -> None:
    assert language_of(text) is None
    assert not is_other_language(text, "pt")


def test_no_portuguese_text_of_this_project_is_taken_for_another_language() -> None:
    texts = [page.read_text(encoding="utf-8") for page in (REPOSITORY / "tests").rglob("*.md")]
    sentences = [line for text in texts for line in text.splitlines() if len(line) > 30]
    assert len(sentences) > 100
    assert [line for line in sentences if is_other_language(line, "pt")] == []


@pytest.mark.parametrize(
    ("texts", "locale", "language"),
    [
        (["vocês abrem no domingo?"], "pt-BR", "pt"),
        (["Do you open on Sundays?"], "pt-BR", "en"),
        (["ok"], "en-US", "en"),
        (["ok"], None, "pt"),
        (["ok"], "ja-JP", "pt"),
    ],
)
def test_a_customers_language_is_what_they_write_else_the_businesss(
    texts: list[str], locale: str | None, language: str
) -> None:
    assert spoken_language(texts, locale=locale) == language
