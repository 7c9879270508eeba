"""Articles are written in Markdown; a chat shows none of it."""

from __future__ import annotations

from shared.agents.chat_text import chat_text, stems

FEES = """## Taxas por bairro

| Bairro | Taxa | Pedido mínimo |
|---|---|---|
| Pinheiros | R$ 8,00 | R$ 40,00 |
| Alto de Pinheiros | R$ 10,00 | R$ 50,00 |
| Perdizes | R$ 10,00 | |

**Frete grátis** acima de R$ 150,00, veja [o mapa](https://example.com/mapa)."""


def test_of_a_table_the_row_that_the_question_names_is_told_with_its_headings() -> None:
    text = chat_text(FEES, wanted=stems("Quanto é a taxa para PINHEIROS?"))
    assert text.splitlines()[:1] == ["Pinheiros: Taxa R$ 8,00, Pedido mínimo R$ 40,00"]
    assert "Alto de" not in text
    assert "|" not in text


def test_a_row_named_in_part_is_better_than_the_whole_table() -> None:
    assert chat_text(FEES, wanted=stems("e no alto?")).splitlines()[0].startswith("Alto de Pinheiros: ")


def test_a_question_that_names_no_row_is_told_all_of_them_without_empty_cells() -> None:
    text = chat_text(FEES, wanted=stems("onde vocês entregam?"))
    assert [line.partition(":")[0] for line in text.splitlines()[:3]] == ["Pinheiros", "Alto de Pinheiros", "Perdizes"]
    assert "Perdizes: Taxa R$ 10,00\n" in text


def test_bold_and_links_are_written_as_a_chat_shows_them() -> None:
    text = chat_text(FEES, wanted=set())
    assert text.endswith("*Frete grátis* acima de R$ 150,00, veja o mapa: https://example.com/mapa.")


def test_a_heading_alone_is_better_than_nothing() -> None:
    assert chat_text("# Horários", wanted=set()) == "# Horários"
