from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.kit.text import clean_text, truncate

ANYTHING = some.text(some.characters(exclude_categories=()))  # lone surrogates and NUL too


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\0b", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ("a\udfff", "a\ufffd"),
        ("x\ud83dy", "x\ufffdy"),
        ("\ud83d\ude00", "\N{GRINNING FACE}"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd\N{GRINNING FACE}"),
        ("\0\ud800\0", "\ufffd\ufffd\ufffd"),
    ],
)
def test_what_postgresql_cannot_hold_is_replaced_and_flagged(text: str, cleaned: str) -> None:
    """V1, V2."""
    assert clean_text(text) == (cleaned, True)


@pytest.mark.parametrize("text", ["", "olá", "\N{PILE OF POO}", "\ufffd", "\u2028\u200f\r\n\t\x01"])
def test_everything_else_stays(text: str) -> None:
    assert clean_text(text) == (text, False)


@given(ANYTHING)
def test_clean_text_can_be_sent_and_is_clean_the_second_time(text: str) -> None:
    cleaned, changed = clean_text(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert clean_text(cleaned) == (cleaned, False)
    assert changed is (cleaned != text)


FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"
BRAZIL, PORTUGAL = "\U0001f1e7\U0001f1f7", "\U0001f1f5\U0001f1f9"


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("olá", 3, "olá"),
        ("olá", 2, "ol"),
        ("ola\u0301!", 3, "ol"),
        ("ok" + FAMILY, 4, "ok"),
        ("ok" + FAMILY + "!", 7, "ok" + FAMILY),
        (BRAZIL + PORTUGAL + BRAZIL, 3, BRAZIL),
        (BRAZIL + PORTUGAL + BRAZIL, 4, BRAZIL + PORTUGAL),
        ("a\N{THUMBS UP SIGN}\U0001f3fd", 2, "a"),
        ("a\u2764\ufe0f", 2, "a"),
        ("a\r\nb", 2, "a"),
        ("a\u1112\u1161\u11ab", 3, "a"),
        ("ab", 0, ""),
        ("ab", -1, ""),
        ("", 5, ""),
    ],
)
def test_a_cut_never_falls_inside_what_a_reader_sees_as_one(text: str, limit: int, kept: str) -> None:
    """V7."""
    assert truncate(text, limit) == kept


def test_a_single_character_that_is_too_long_is_cut_all_the_same() -> None:
    zalgo = "a" + "\u0301" * 1000
    assert truncate(zalgo, 100) == zalgo[:100]
    assert truncate(FAMILY, 3) == FAMILY[:3], "something is kept rather than nothing"


@given(ANYTHING, some.integers(-5, 50))
def test_a_cut_is_a_beginning_and_within_the_limit(text: str, limit: int) -> None:
    kept = truncate(text, limit)
    assert text.startswith(kept)
    assert len(kept) <= max(limit, 0)


@pytest.mark.parametrize("text", ["\u0301" * 1_000_000, "\U0001f1e7" * 1_000_001, "\u200d" * 1_000_000])
def test_hostile_text_is_cut_at_once(text: str) -> None:
    began = time.thread_time()  # what it computes, however busy the machine is
    assert truncate(text, 500_000)
    assert time.thread_time() - began < 0.5
