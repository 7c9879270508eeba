"""C-19: long texts are cut at sentence borders, within the channel's own measure, and nothing is lost."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels.text_parts import TEXT_LIMITS, characters, sentences, split_text, utf8_bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Abrimos às 8h. Fechamos às 18h.", ["Abrimos às 8h.", "Fechamos às 18h."]),
        ("Custa R$ 1.497,00 à vista! Aceitamos Pix.", ["Custa R$ 1.497,00 à vista!", "Aceitamos Pix."]),
        ("Fica na Av. Paulista, com o Dr. Silva. Venha!", ["Fica na Av. Paulista, com o Dr. Silva.", "Venha!"]),
        ("Segunda a sexta\nSábado até 12h", ["Segunda a sexta", "Sábado até 12h"]),
        ('Ele disse "sim." Depois saiu.', ['Ele disse "sim."', "Depois saiu."]),
        ("   ", []),
    ],
)
def test_sentences_end_where_a_reader_sees_them_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_text_that_fits_is_one_part() -> None:
    assert split_text(" Abrimos às 8h. ", limit=4096) == ["Abrimos às 8h."]
    assert split_text("  \n ", limit=10) == []


def test_a_long_text_is_cut_after_a_sentence() -> None:
    text = "A entrega leva dois dias úteis. O frete é grátis acima de R$ 1.497,00. Trocas em até 30 dias."
    assert split_text(text, limit=75) == [
        "A entrega leva dois dias úteis. O frete é grátis acima de R$ 1.497,00.",
        "Trocas em até 30 dias.",
    ]


def test_a_sentence_that_is_too_long_is_cut_between_words() -> None:
    parts = split_text("palavra " * 50, limit=41)
    assert all(part == "palavra palavra palavra palavra palavra" for part in parts)
    assert len(parts) == 10


def test_a_word_that_is_too_long_is_cut_between_whole_characters() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # one emoji of five code points
    parts = split_text(family * 4, limit=12)
    assert "".join(parts) == family * 4
    assert all(part.count("\U0001f468") * 5 == len(part) for part in parts)


def test_instagram_counts_bytes_so_accents_count_double() -> None:
    limit, measure = TEXT_LIMITS["instagram"]
    parts = split_text("é" * 1500, limit=limit, measure=measure)
    assert [utf8_bytes(part) for part in parts] == [1000, 1000, 1000]


def test_an_emoji_outside_the_basic_plane_counts_double_on_whatsapp() -> None:
    assert characters("oi \U0001f600") == 5


_WORDS = st.lists(st.text(alphabet="abçé.!? \n\U0001f600", max_size=30), max_size=20).map(" ".join)


@given(text=_WORDS, limit=st.integers(min_value=4, max_value=60), provider=st.sampled_from(sorted(TEXT_LIMITS)))
def test_no_part_is_too_long_and_no_word_is_lost(text: str, limit: int, provider: str) -> None:
    measure = TEXT_LIMITS[provider][1]
    parts = split_text(text, limit=limit, measure=measure)
    assert all(0 < measure(part) <= limit for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


def test_a_limit_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="can hold nothing"):
        split_text("oi", limit=0)
