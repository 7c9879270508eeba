"""How good the best passage is in absolute terms: what lets an agent say "I do not know" instead of the nearest thing.

Ranks, and their fusion, say which passage is best, never whether it is any good. The score is the mean of two measures
that do: the cosine, as a share of one that leaves no doubt, and the share of the question that the passage covers, its
words weighed by rarity (`platform.covering_chunks`). A question about something that the business never mentions has
words that count most and are found nowhere.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Calibration:
    """The scale of one embedding model. All are found on frozen question sets; docs/knowledge.md has the figures."""

    sure_cosine: float | None
    """A cosine from which on the vector leaves no doubt; None when nobody has measured it: the words alone decide."""
    threshold: float
    """Score from which on a passage may be used for an answer."""

    def score(self, *, cosine: float, coverage: float) -> float:
        """0 (has nothing to do with the question) to 1."""
        covered = min(max(coverage, 0.0), 1.0)
        if self.sure_cosine is None:
            return covered
        return (min(max(cosine, 0.0) / self.sure_cosine, 1.0) + covered) / 2


_CALIBRATIONS: Final = {
    "hashed-ngrams-pt-2": Calibration(sure_cosine=0.5, threshold=0.41),
    # Models that nobody could ask here: what their cosines mean is unknown, and is not guessed. Their vectors help to
    # find and to rank; whether the best is any good is decided by the words alone, which do not depend on the model.
    "text-embedding-3-small": Calibration(sure_cosine=None, threshold=0.45),
    "gemini-embedding-001": Calibration(sure_cosine=None, threshold=0.45),
}


def calibration_of(model: str) -> Calibration:
    """The scale of an embedding model; LookupError when nobody has measured it."""
    if model not in _CALIBRATIONS:
        raise LookupError(f"The scores of {model!r} are not calibrated: measure it and add it to {__name__}")
    return _CALIBRATIONS[model]
