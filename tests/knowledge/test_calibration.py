from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.knowledge.calibration import Calibration, calibration_of
from shared.knowledge.embedders import GEMINI, OPENAI
from shared.knowledge.embedding import HashedNgrams

CALIBRATION = Calibration(sure_cosine=0.5, threshold=0.4)
MEASURES = st.floats(-1, 1)


@given(MEASURES, MEASURES)
def test_a_score_is_between_zero_and_one_and_grows_with_both_measures(cosine: float, coverage: float) -> None:
    score = CALIBRATION.score(cosine=cosine, coverage=coverage)
    assert 0 <= score <= 1
    assert CALIBRATION.score(cosine=cosine + 0.1, coverage=coverage) >= score
    assert CALIBRATION.score(cosine=cosine, coverage=coverage + 0.1) >= score


def test_a_passage_that_leaves_no_doubt_scores_one_and_a_stranger_zero() -> None:
    assert CALIBRATION.score(cosine=0.5, coverage=1) == 1
    assert CALIBRATION.score(cosine=-0.1, coverage=0) == 0


@given(MEASURES, MEASURES)
def test_a_model_whose_cosines_nobody_has_measured_is_judged_by_the_words_alone(cosine: float, coverage: float) -> None:
    for model in (OPENAI, GEMINI):
        assert calibration_of(model).score(cosine=cosine, coverage=coverage) == min(max(coverage, 0), 1)
        assert calibration_of(model).threshold > calibration_of(HashedNgrams().model).threshold


def test_the_default_embedder_is_calibrated_and_strangers_are_not() -> None:
    assert calibration_of(HashedNgrams().model).sure_cosine is not None
    with pytest.raises(LookupError, match="text-embedding-9"):
        calibration_of("text-embedding-9")
