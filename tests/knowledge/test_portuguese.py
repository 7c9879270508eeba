from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.knowledge.chat_words import FILLERS, NUMBERS, SHORT_FOR
from shared.knowledge.places import PLACES, REGIONS
from shared.knowledge.portuguese import (
    CODE_WEIGHT,
    TERM_LIMIT,
    WORD_LIMIT,
    fold,
    index_lexemes,
    question_terms,
    stem,
    tokens,
)
from shared.knowledge.synonyms import RELATED
from shared.knowledge.vocabulary import QUIET_WORDS, SILENT_WORDS


@pytest.mark.parametrize(
    "words",
    [
        "cartao cartão cartões cartoes CARTÕES",
        "pão pães pao paes",
        "entrega entregas entregar entregam entregamos",
        "aceita aceitam aceitar aceitamos",
        "vende vendem vender vendemos",
        "papel papéis papeis",
        "fácil fáceis facil faceis",
        "animal animais",
        "sabor sabores",
        "homem homens",
        "mãe mães",
        "internar internação internações internam",
        "horário horarios",
    ],
)
def test_the_forms_of_a_word_have_one_stem(words: str) -> None:
    """K-01."""
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize("pair", ["cartão carta", "pão pau", "mão mãe", "avó vó", "bolo bolsa"])
def test_different_words_keep_different_stems(pair: str) -> None:
    first, second = pair.split()
    assert stem(first) != stem(second)


@pytest.mark.parametrize(
    ("spellings", "lexeme"),
    [
        (["01310-100", "01310100"], "01310100"),
        (["R$ 1.497,00", "1497 reais", "1.497"], "1497"),
        (["R$ 12,50", "12,5"], "12.5"),
        (["BR-4410/A", "br4410a", "BR.4410.A"], "br4410a"),
        (["16h30", "16:30", "16h30.", "16 h30"], "16h30"),
        (["8h", "08:00", "8 horas", "8hs"], "8h"),
        (["2 kg", "2kg"], "2kg"),
        (["12.345.678/0001-90", "12345678000190"], "12345678000190"),
        (["123.456.789-09"], "12345678909"),
        (["(11) 98765-4321", "11 98765 4321", "+55 11 98765-4321", "5511987654321"], "11987654321"),
    ],
)
def test_a_code_is_one_lexeme_however_it_is_punctuated(spellings: list[str], lexeme: str) -> None:
    """K-01: product codes, postal codes, telephone numbers, prices and hours are found exactly."""
    for spelling in spellings:
        assert lexeme in question_terms(f"é {spelling}?"), spelling
        assert lexeme in index_lexemes(f"Temos {spelling} aqui."), spelling


def test_a_telephone_number_is_found_without_its_area_code() -> None:
    """K-01."""
    assert "987654321" in index_lexemes("Ligue (11) 98765-4321")
    assert "38124567" in index_lexemes("Fixo: (11) 3812-4567")
    assert list(question_terms("38124567")) == ["38124567"]


def test_greetings_and_function_words_ask_for_nothing() -> None:
    assert question_terms("Oi, boa tarde! Tudo bem com vocês? Eu queria saber uma coisa, por favor") == {}


def test_words_that_mean_the_same_ask_for_the_same() -> None:
    assert question_terms("frete") == question_terms("motoboy") == question_terms("entregam")


def test_a_code_counts_more_than_a_word_and_a_word_of_every_shop_less() -> None:
    terms = question_terms("Vocês vendem o brigadeiro PA-101?")
    assert terms["pa101"] == CODE_WEIGHT > terms[stem("brigadeiro")] == 1 > terms[stem("vendem")]


def test_a_long_question_asks_for_a_limited_number_of_terms() -> None:
    assert len(question_terms(" ".join(f"palavra{n}x" for n in range(1000)))) == TERM_LIMIT


def test_the_vocabulary_is_in_folded_form_and_names_no_word_twice_in_a_list() -> None:
    groups = [words.split() for listed in (RELATED, PLACES, REGIONS) for words in listed.values()]
    assert all(len(words) == len(set(words)) for words in groups)
    assert not SILENT_WORDS & QUIET_WORDS
    assert not FILLERS & (SILENT_WORDS | QUIET_WORDS)
    for word in SILENT_WORDS | QUIET_WORDS | FILLERS | {*SHORT_FOR, *NUMBERS} | {w for words in groups for w in words}:
        assert fold(word) == word


def test_a_word_of_a_group_is_heard() -> None:
    unheard = SILENT_WORDS | FILLERS | SHORT_FOR.keys() | NUMBERS.keys()
    for words in (*RELATED.values(), *PLACES.values(), *REGIONS.values()):
        assert not unheard & set(words.split())


def test_a_word_of_two_groups_is_found_by_either() -> None:
    [term] = question_terms("Posso devolver? Quero o estorno.")
    assert term in index_lexemes("O reembolso sai em dois dias.")
    [term] = question_terms("me arrependi")
    assert set(term.split("|")) == {"=cancelar", "=devolucao"}


@pytest.mark.parametrize(
    ("short", "long"),
    [("qto é o frete pra sp", "quanto é o frete para sp"), ("vcs abrem dom?", "vocês abrem domingo?")],
)
def test_what_is_shortened_in_chats_is_read_in_full(short: str, long: str) -> None:
    assert question_terms(short) == question_terms(long)


@pytest.mark.parametrize(
    "pair", ["sapatinho sapato", "mesinha mesa", "pãozinho pão", "cafezinho café", "bolsinhas bolsa"]
)
def test_a_diminutive_is_its_word(pair: str) -> None:
    """K-01."""
    small, plain = pair.split()
    assert stem(small) == stem(plain)


@pytest.mark.parametrize("word", ["vizinho", "cozinha", "farinha", "vinho", "linha", "minha"])
def test_what_only_looks_like_a_diminutive_is_left_alone(word: str) -> None:
    assert "inh" in stem(word)


def test_a_number_is_the_same_in_words_and_digits_and_counts_only_when_the_business_mentions_it() -> None:
    assert question_terms("kit de dez") == question_terms("kit de 10")
    assert question_terms("almoço para 60 pessoas")["60"] < 0


def test_a_question_about_a_city_is_answered_by_its_region_but_not_by_another_city() -> None:
    [term] = [term for term in question_terms("Enviam para Manaus?") if "=norte" in term]
    asked = set(term.split("|"))
    assert asked & index_lexemes("Norte: 14 dias")
    assert asked & index_lexemes("Enviamos para todo o Brasil")
    assert not asked & index_lexemes("Temos loja em Belém")


@given(st.text())
def test_any_text_gives_clean_bounded_lexemes(text: str) -> None:
    """V1, V2, V7: nothing from outside can be an operator, a separator, or too long for PostgreSQL."""
    for token in tokens(text):
        for lexeme in token.lexemes:
            assert 0 < len(lexeme) <= WORD_LIMIT
            assert not set(lexeme) & set(" \t\n\0'\\&|!():*<>")
            assert not any("\ud800" <= character <= "\udfff" for character in lexeme)


@given(st.text(alphabet="ãõçáéíóúâêôàü aeioubcdrst-0123456789.,", max_size=200))
def test_accents_and_capitals_change_nothing(text: str) -> None:
    """K-01."""
    assert question_terms(text) == question_terms(fold(text)) == question_terms(text.upper())


@pytest.mark.parametrize("repeated", ["a", "a-", "1", "1.234", "1-", "(11) ", "a/", "1:", "16h", "é", "\ud800", "\0"])
def test_a_hostile_megabyte_is_read_in_linear_time(repeated: str) -> None:
    """V7."""
    began = time.thread_time()
    for _ in tokens(repeated * (1_000_000 // len(repeated))):
        pass
    assert time.thread_time() - began < 10
