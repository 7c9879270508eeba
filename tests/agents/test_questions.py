"""What is asked in a burst of short messages, and what is only courtesy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.agents.questions import MOST_QUESTIONS, Courtesy, courtesy, questions


@pytest.mark.parametrize(
    ("burst", "expected"),
    [
        (["Oi!", "bom dia", "vocês abrem no domingo?", "e entregam?"], ["vocês abrem no domingo?", "e entregam?"]),
        (["oi", "queria saber", "vocês abrem domingo?"], ["queria saber vocês abrem domingo?"]),
        (["Comprei um vestido M. Posso trocar?"], ["Comprei um vestido M. Posso trocar?"]),
        (["Bom dia, qual o valor do bolo de cenoura?"], ["qual o valor do bolo de cenoura?"]),
        (["qual o horario"], ["qual o horario"]),
        (["Qual o horário?", "quero saber o preço do vestido"], ["Qual o horário?", "quero saber o preço do vestido"]),
        (["Fica na Av. Paulista? Aceita pix?"], ["Fica na Av. Paulista?", "Aceita pix?"]),
        (["a?", "b?", "c?", "d?"], ["a?", "b?", "c? d?"]),
        (["legalizar documento?"], ["legalizar documento?"]),
        (["Oi, tudo bem?"], []),
        (["obrigada!"], []),
        (["👍"], []),
        ([], []),
    ],
)
def test_a_burst_holds_these_questions(burst: list[str], expected: list[str]) -> None:
    assert questions(burst) == expected


@pytest.mark.parametrize(
    ("burst", "kind"),
    [
        (["Olá", "tudo bem?"], Courtesy.GREETING),
        (["Boa noite!"], Courtesy.GREETING),
        (["muito obrigado"], Courtesy.THANKS),
        (["ok"], Courtesy.THANKS),
        (["👍"], None),
    ],
)
def test_what_is_no_question_is_a_greeting_or_thanks(burst: list[str], kind: Courtesy | None) -> None:
    assert courtesy(burst) is kind


@given(st.lists(st.text(max_size=200), max_size=10))
def test_any_text_gives_a_bounded_number_of_questions(burst: list[str]) -> None:
    found = questions(burst)
    assert len(found) <= MOST_QUESTIONS
    assert all(question.strip() for question in found)
    courtesy(burst)
