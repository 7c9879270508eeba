"""Texts as vectors of 1,536 dimensions: what an embedder is, and the one that needs no model, key or network.

`HashedNgrams` is lexical: stems, shared concepts, pairs of words and character n-grams (which forgive typing errors).
It does not know that two different words mean the same unless the vocabulary says so; a language model's embedder will.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.knowledge.portuguese import Token, tokens

DIMENSIONS: Final = 1536  # of the seed's VECTOR(1536), and of text-embedding-3-small

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors that can be compared with others of the same `model`, and with no others."""

    @property
    def model(self) -> str:
        """Name and version, stored with each chunk; another way of computing is another name."""

    @property
    def dimensions(self) -> int:
        """Length of each vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of unit length, shape (len(texts), dimensions); a text that says nothing is all zeros."""


class HashedNgrams:
    """The embedded default: each feature is a fixed random direction, a text the weighted sum of its features.

    A feature's direction is the 1,536 signs that SHAKE-256 gives for its name. That is feature hashing followed by a
    random projection, without collisions and without a stored matrix. It is dense, as binary quantization needs: the
    sign bits of a sparse vector say little. Weights are whole numbers, so sums are exact and the same on every machine.
    """

    model: str = "hashed-ngrams-pt-2"
    dimensions: int = DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of unit length, shape (len(texts), 1536); about 0.5 ms for a question, 5 ms for a long chunk."""
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in enumerate(texts):
            total = _weighted_sum(_features(text))
            length = math.sqrt(float(total @ total))
            if length > 0:
                vectors[row] = total / length
        return vectors


_SCALE = 1000  # weights are thousandths
_BLOCK = 512  # features summed at once: 6 MB of signs

_STEM, _CONCEPT, _PAIR, _NGRAMS = 1.0, 0.8, 0.4, 0.9  # chosen on the question set of tests/knowledge
_SILENT = 0.05  # a silent word's share: only enough that a text of nothing else is not empty


def _features(text: str) -> dict[bytes, int]:
    """Feature name → weight in thousandths, repeated features growing with the logarithm of their number."""
    counts: Counter[tuple[str, float]] = Counter()
    previous: Token | None = None
    for token in tokens(text):
        loudness = max(token.weight, _SILENT)
        counts.update(_features_of_word(token, loudness))
        if token.weight > 0:
            if previous is not None:
                pair = f"p {previous.lexemes[-1]} {token.lexemes[-1]}"
                counts[pair, _PAIR * math.sqrt(previous.weight * loudness)] += 1
            previous = token
    weights: dict[bytes, int] = {}
    for (name, weight), count in counts.items():
        key = name.encode("utf-8", "surrogatepass")
        weights[key] = weights.get(key, 0) + round(_SCALE * weight * (1 + math.log(count)))
    return weights


def _features_of_word(token: Token, loudness: float) -> Iterator[tuple[str, float]]:
    yield f"s {token.stem}", _STEM * loudness
    for lexeme in token.lexemes:
        if lexeme != token.stem:
            yield f"c {lexeme}", _CONCEPT * loudness / math.sqrt(len(token.lexemes))
    if token.kind == "word" and token.weight > 0:
        marked = f"<{token.form}>"
        ngrams = [marked[i : i + size] for size in (3, 4, 5) for i in range(len(marked) - size + 1)]
        share = _NGRAMS * loudness / math.sqrt(len(ngrams)) if ngrams else 0.0
        for ngram in ngrams:
            yield f"n {ngram}", share


def _weighted_sum(weights: dict[bytes, int]) -> NDArray[np.float64]:
    """The sum of weight times direction; exact, because all terms are whole numbers far below 2^53."""
    total = np.zeros(DIMENSIONS)
    names, values = list(weights), np.array(list(weights.values()), dtype=np.float64)
    for start in range(0, len(names), _BLOCK):
        digests = b"".join(hashlib.shake_256(name).digest(DIMENSIONS // 8) for name in names[start : start + _BLOCK])
        bits = np.unpackbits(np.frombuffer(digests, dtype=np.uint8)).reshape(-1, DIMENSIONS)
        block = values[start : start + _BLOCK]
        total += 2.0 * (block @ bits) - block.sum()
    return total
