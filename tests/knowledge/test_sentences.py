from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.knowledge.sentences import sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "O curso custa R$ 1.497,00 à vista.",
        "Fica na Av. Paulista, nº 10, perto da R. Augusta.",
        "Fale com o Dr. João ou com a Sra. Ana.",
        "Abrimos das 8h às 16h30. de segunda a sexta.",
        "Entregas seg. a sex. e sáb. até o meio-dia.",
        "O pedido mín. R$ 30,00 vale para todos, p. ex. Pinheiros.",
        "Bolos, tortas etc. sob encomenda.",
        "O Sr. J. Silva atende.",
        "1. Misture a farinha.",
        "Escreva para oi@loja.com.br hoje.",
    ],
)
def test_it_is_one_sentence(sentence: str) -> None:
    """K-11."""
    assert sentences(sentence) == [sentence]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Custa R$ 1.497,00. Parcelamos.", ["Custa R$ 1.497,00.", "Parcelamos."]),
        ("Fechamos às 16h30. Aos domingos abrimos às 8h.", ["Fechamos às 16h30.", "Aos domingos abrimos às 8h."]),
        ("Oi! tudo bem? Sim… claro.", ["Oi!", "tudo bem?", "Sim…", "claro."]),
        ('Ela disse "sim." Depois saiu.', ['Ela disse "sim."', "Depois saiu."]),
        ("Temos **bolo.** E pão.", ["Temos **bolo.**", "E pão."]),
        (
            "Vem da Padaria Aurora Ltda. Ela existe desde 1987.",
            ["Vem da Padaria Aurora Ltda.", "Ela existe desde 1987."],
        ),
        ("Foi em 1987. Hoje é outra.", ["Foi em 1987.", "Hoje é outra."]),
        ("  \n ", []),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(text: str, expected: list[str]) -> None:
    """K-11."""
    assert sentences(text) == expected


@given(st.text(alphabet="aB.!? 1\n,;nº"))
def test_nothing_but_white_space_is_lost(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
