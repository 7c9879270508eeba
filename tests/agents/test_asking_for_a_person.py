"""H-01: which words of a customer ask for a person, and which only speak of people."""

from __future__ import annotations

import pytest

from shared.agents.asking_for_a_person import asks_for_a_person, without_asking


@pytest.mark.parametrize(
    "text",
    [
        "quero falar com um atendente",
        "Quero falar com um atendente!",
        "posso falar com alguém?",
        "Gostaria de conversar com uma pessoa de verdade",
        "preciso falar com o gerente",
        "tem como falar com o responsável?",
        "falar com atendente",
        "por favor, falar com um humano",
        "Atendente",
        "um atendente, por favor",
        "quero um atendente",
        "quero atendimento humano",
        "preciso de um humano",
        "não quero falar com robô, quero falar com uma pessoa",
        "chama um atendente",
        "me transfere para um atendente",
        "passa pro gerente",
        "prefiro falar direto com a vendedora",
        "I want to talk to a human",
        "can I speak with someone?",
        "human please",
        "talk to a real person",
    ],
)
def test_these_ask_for_a_person(text: str) -> None:
    assert asks_for_a_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "quantas pessoas cabem na mesa?",
        "o bolo serve 20 pessoas?",
        "vocês têm atendente aos domingos?",
        "falei com uma pessoa ontem e ela disse que dava",
        "posso levar uma pessoa comigo?",
        "não quero falar com atendente",
        "quero falar com vocês sobre a entrega",
        "é para uma pessoa alérgica, pode?",
        "qual o telefone do gerente?",
        "quero um bolo humano",
        "I spoke to a person yesterday",
        "is there parking for my agent's car?",
        "obrigado!",
        "",
    ],
)
def test_these_do_not(text: str) -> None:
    assert not asks_for_a_person(text)


def test_what_else_was_said_remains() -> None:
    assert without_asking(["Vocês entregam? Quero falar com um atendente.", "obrigada"]) == (
        ["Vocês entregam?", "obrigada"],
        True,
    )
    assert without_asking(["Vocês entregam?"]) == (["Vocês entregam?"], False)
