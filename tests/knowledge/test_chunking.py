from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.kit.text import truncate
from shared.knowledge.chunking import CHUNK_LIMIT, HEADING_LIMIT, Chunk, chunks

TABLE = "| Bolo | Preço |\n|---|---|\n" + "".join(f"| Bolo {n} | R$ {n},00 |\n" for n in range(1, 60))


def test_each_chunk_knows_the_headings_above_it() -> None:
    """K-11."""
    document = "# Loja\nOi.\n## Entrega\n### Taxa ###\nR$ 5,00.\n## Fim\nTchau.\n"
    assert chunks(document) == [
        Chunk("Loja", "Oi."),
        Chunk("Loja > Entrega > Taxa", "R$ 5,00."),
        Chunk("Loja > Fim", "Tchau."),
    ]


def test_the_title_stands_above_all_headings_once() -> None:
    assert [chunk.heading for chunk in chunks("# Loja\nOi.\n## Entrega\nSim.\n", title="Loja")] == [
        "Loja",
        "Loja > Entrega",
    ]
    assert chunks("texto", title="Loja") == [Chunk("Loja", "texto")]


def test_underlined_headings_count_and_rules_do_not() -> None:
    assert chunks("Loja\n====\nOi.\n\nEntrega\n-------\nSim.\n\n---\n\nNão.\n") == [
        Chunk("Loja", "Oi."),
        Chunk("Loja > Entrega", "Sim.\n\n---\n\nNão."),
    ]


def test_a_hashtag_or_a_comment_in_code_is_not_a_heading() -> None:
    assert chunks("#promo hoje\n\n```\n# comentário\n```\n") == [Chunk("", "#promo hoje\n\n```\n# comentário\n```")]


def test_a_heading_with_nothing_below_it_is_not_lost() -> None:
    assert chunks("# Loja\n## Não abrimos aos domingos\n## Contato\nE-mail.\n") == [
        Chunk("Loja", "Não abrimos aos domingos"),
        Chunk("Loja > Contato", "E-mail."),
    ]


def test_each_part_of_a_table_begins_with_its_header() -> None:
    """K-11."""
    parts = chunks(f"# Preços\n{TABLE}", limit=200)
    assert len(parts) > 1
    for part in parts:
        lines = part.content.splitlines()
        assert lines[:2] == ["| Bolo | Preço |", "|---|---|"]
        assert all(line.startswith("| Bolo ") for line in lines[2:])
    rows = [line for part in parts for line in part.content.splitlines()[2:]]
    assert rows == TABLE.splitlines()[2:]


def test_a_short_table_stays_with_the_sentence_before_it() -> None:
    text = "Veja:\n\n| A | B |\n|---|---|\n| 1 | 2 |"
    assert chunks(text) == [Chunk("", text)]


def test_a_long_text_is_cut_between_sentences() -> None:
    """K-11."""
    sentence = "O bolo da Av. Paulista custa R$ 1.497,00 e sai às 16h30."
    parts = chunks(" ".join([sentence] * 40), limit=200)
    assert len(parts) > 1
    assert {part.content for part in parts[:-1]} == {" ".join([sentence] * 3)}


def test_list_items_and_their_indentation_are_kept() -> None:
    text = "Temos:\n\n- pães\n  - francês\n- bolos"
    assert chunks(text) == [Chunk("", text)]


def test_lines_without_full_stops_are_cut_between_lines() -> None:
    lines = [f"Dia {day}: das 8h às 18h" for day in range(60)]
    parts = chunks("\n".join(lines), limit=300)
    assert [line for part in parts for line in part.content.splitlines()] == lines


@pytest.mark.parametrize("character", ["👩‍👩‍👧‍👦", "🇧🇷", "é", "👍🏽"])
def test_what_a_reader_sees_as_one_character_is_never_cut(character: str) -> None:
    """K-11, V7."""
    for part in chunks(character * 100, limit=50):
        assert part.content.replace(character, "") == ""


WORDS = st.text(alphabet="ab é.!?|#-\n\t*`0ç_~=\r", max_size=400)


@given(WORDS, st.integers(20, 120))
@example("|a|b|\n|-|-|\n" + "|x y z|w|\n" * 20, 40)
def test_no_word_is_lost_and_no_chunk_is_too_long(text: str, limit: int) -> None:
    """K-11."""
    parts = chunks(text, limit=limit)
    assert all(0 < len(part.content) <= limit and part.content.strip() for part in parts)
    said = "".join("".join((part.heading + part.content).split()) for part in parts)
    for word in "".join(character if character.isalnum() else " " for character in text).split():
        assert set(word) <= set(said)
    assert sum(map(str.isalnum, said)) >= sum(map(str.isalnum, text))


@given(st.text(max_size=300))
def test_any_text_has_chunks_unless_it_is_blank(text: str) -> None:
    parts = chunks(text, limit=50)
    assert all(len(part.heading) <= HEADING_LIMIT for part in parts)
    assert bool(parts) or not any(character.isalnum() for character in text)


@pytest.mark.parametrize(
    "text",
    ["a" * 5_000_000, "Oi. " * 250_000, "1. " * 200_000, "|a|b|\n|-|-|\n" + "|x|y|\n" * 100_000, "# a\n" * 100_000],
    ids=["one word", "sentences", "numbers", "table", "headings"],
)
def test_megabytes_are_cut_in_linear_time(text: str) -> None:
    """V7."""
    began = time.thread_time()
    assert all(len(part.content) <= CHUNK_LIMIT for part in chunks(text))
    assert time.thread_time() - began < 30


def test_a_limit_that_can_hold_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 0"):
        chunks("a", limit=0)


def test_a_long_heading_is_cut_between_characters() -> None:
    heading = chunks("# " + "🇧🇷" * 300 + "\ntexto")[0].heading
    assert heading == truncate("🇧🇷" * 300, HEADING_LIMIT)
