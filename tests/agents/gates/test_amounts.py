"""A-10: the written forms of an amount are one amount, and another amount is another one."""

from __future__ import annotations

import pytest

from shared.agents.gates.amounts import amounts
from shared.agents.gates.grounding import check_amounts
from shared.agents.gates.models import Draft
from shared.agents.gates.number_words import with_digits
from shared.agents.gates.reading import folded

_SAME = [
    "R$ 1.497,00 | 1497 reais | R$1497 | mil quatrocentos e noventa e sete reais | R$ 1497,00 | R$ 1,497.00 | BRL 1497",
    "R$ 12,90 | 12 reais e 90 centavos | por 12,90 | doze reais e noventa centavos | R$ 12.90 | \uff32$ 12,90",
    "R$ 1.500,00 | 1,5 mil reais | mil e quinhentos reais | R$ 1500",
    "R$ 50,00 | custa 50 | sai por cinquenta | 50 pila | cinquenta reais",
    "R$ 0,50 | 50 centavos | cinquenta centavos",
    "10% | 10 % | dez por cento | 10 por cento | 10 percent",
    "3x | 3 vezes | três parcelas | 3 x de R$ 10,00",
    "19h | 19:00 | 19 horas | 7 da noite | 19h00 | 7pm",
    "7h30 | 07:30 | 7:30 | 7h30min",
    "30 minutos | 30 min | meia hora",
    "3 dias úteis | três dias úteis | 3 business days",
    "12/05 | 12 de maio | 12/05/2026 | 2026-05-12 | May 12",
]  # fmt: skip


@pytest.mark.parametrize("forms", _SAME)
def test_one_amount_is_found_in_each_of_its_forms(forms: str) -> None:
    first, *others = [{amount for amount, _ in amounts(folded(form))} for form in forms.split(" | ")]
    assert first
    assert all(first <= other or other <= first for other in others)
    assert all(first & other for other in others)


@pytest.mark.parametrize(
    ("source", "reply"),
    [
        ("R$ 50,00", "R$ 500,00"),
        ("3 dias úteis", "3 dias"),
        ("3 a 5 dias", "4 dias"),
        ("R$ 45,00 cada", "Dois ficam R$ 90,00"),
        ("10% no Pix", "R$ 10,00 no Pix"),
        ("7h às 19h", "7h às 20h"),
        ("dia 12", "12/05"),
        ("6x sem juros", "10x sem juros"),
        ("aceitamos Pix", "no Pix tem desconto"),
        ("entregamos", "a entrega é grátis"),
        ("peso 10 kg", "sai por 10"),
    ],
)
def test_what_the_source_does_not_hold_is_refused(source: str, reply: str) -> None:
    """A-10: nothing is computed, rounded or converted."""
    assert check_amounts(Draft(text=reply, sources=(source,))) is not None


def test_the_customers_own_number_is_no_ground() -> None:
    """A-10: who asks for a price of one real is not told that it costs one real."""
    draft = Draft(text="Isso, custa R$ 1,00.", customer=("custa R$ 1,00, né?",), asked=("custa R$ 1,00, né?",))
    assert check_amounts(draft) is not None


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("vinte e um dias", "21 dias"),
        ("dois tres", "2 3"),
        ("mil", "1000"),
        ("dois mil e quinhentos", "2500"),
        ("two hundred and five", "205"),
        ("nove nove oito", "9 9 8"),
        ("um bom dia", "um bom dia"),
    ],
)
def test_number_words_become_digits(words: str, digits: str) -> None:
    assert with_digits(words) == digits
