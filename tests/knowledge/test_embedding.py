from __future__ import annotations

import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.knowledge.embedding import DIMENSIONS, HashedNgrams

EMBEDDER = HashedNgrams()
TEXT = "Vocês entregam no bairro Pinheiros? A taxa é R$ 8,00."


def similarity(first: str, second: str) -> float:
    one, other = EMBEDDER.embed([first, second])
    return float(one @ other)


def test_vectors_have_the_shape_and_length_that_the_protocol_says() -> None:
    vectors = EMBEDDER.embed([TEXT, "bolo"])
    assert vectors.shape == (2, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert EMBEDDER.embed([]).shape == (0, DIMENSIONS)


def test_a_text_that_says_nothing_is_all_zeros() -> None:
    assert not EMBEDDER.embed(["", " \0\ud800 🍰"]).any()


def test_vectors_are_dense_and_balanced() -> None:
    """Binary quantization keeps only signs: half of them have to be positive for any text."""
    for text in ("bolo", TEXT):
        vector = EMBEDDER.embed([text])[0]
        assert np.count_nonzero(vector) > 0.95 * DIMENSIONS
        assert 0.45 < np.mean(vector > 0) < 0.55


def test_related_texts_are_near_and_unrelated_ones_are_not() -> None:
    assert similarity("Qual o preço do bolo de cenoura?", "O bolo de cenoura custa R$ 78,00.") > 0.4
    assert similarity("cartao", "cartões") > 0.5
    assert similarity("frete", "entrega") > 0.2
    assert similarity("pinheirus", "Pinheiros") > 0.2
    assert abs(similarity("bolo de cenoura", "estacionamento conveniado")) < 0.1


def test_vectors_are_the_same_in_every_process_and_on_every_machine() -> None:
    """The digest was computed elsewhere; a change of it is another model and needs another name."""
    digest = hashlib.sha256(EMBEDDER.embed([TEXT]).astype("<f4").tobytes()).hexdigest()
    program = (
        "import hashlib; from shared.knowledge.embedding import HashedNgrams;"
        f"print(hashlib.sha256(HashedNgrams().embed([{TEXT!r}]).astype('<f4').tobytes()).hexdigest())"
    )
    for seed in ("0", "1"):
        printed = subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        assert printed == digest
    assert digest == "2e8098853cb5dbe015263de29ffebc90a57f15bcda54232b1b2ce67eb91cb3c4"


def test_a_text_has_one_vector_whatever_it_is_embedded_with() -> None:
    assert np.array_equal(EMBEDDER.embed([TEXT])[0], EMBEDDER.embed(["outra coisa", TEXT])[1])


@given(st.text(max_size=200))
def test_any_text_has_a_finite_vector(text: str) -> None:
    """V1, V2, V7."""
    assert np.isfinite(EMBEDDER.embed([text])).all()


def test_a_question_takes_less_than_a_millisecond() -> None:
    EMBEDDER.embed([TEXT])
    times = []
    for _ in range(30):
        began = time.perf_counter()
        EMBEDDER.embed([TEXT])
        times.append(time.perf_counter() - began)
    assert min(times) < 0.001


@pytest.mark.parametrize("text", ["a " * 200_000, "palavra" * 100_000])
def test_a_huge_text_is_embedded_within_bounds(text: str) -> None:
    """V7."""
    assert np.isfinite(EMBEDDER.embed([text])).all()
