"""What identifies a person does not reach a model; what an answer needs does."""

from __future__ import annotations

import pytest

from shared.agents.privacy import without_personal_numbers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("meu CPF é 123.456.789-09", "meu CPF é [CPF]"),
        ("cpf 12345678909", "cpf [CPF]"),
        ("CNPJ 12.345.678/0001-95", "CNPJ [CNPJ]"),
        ("ana.souza+loja@example.com.br", "[e-mail]"),
        ("cartão 4111 1111 1111 1111", "cartão [número]"),
        ("me liga no (11) 98765-4321", "me liga no [telefone]"),
        ("fone 11 3456-7890 ok", "fone [telefone] ok"),
        ("+5511987654321", "[telefone]"),
    ],
)
def test_numbers_that_identify_are_replaced(text: str, shown: str) -> None:
    assert without_personal_numbers(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "CEP 01310-100",
        "R$ 1.234.567,89",
        "pedido 12345",
        "dia 31/12/2026 às 14h30",
        "das 7h às 19h",
        "tamanho 42, SKU AB-12345",
        "2 dúzias de R$ 12,50",
    ],
)
def test_what_an_answer_needs_stays(text: str) -> None:
    assert without_personal_numbers(text) == text
