from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.knowledge.calibration import Calibration, calibration_of
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


def test_the_default_embedder_is_calibrated_and_others_are_not() -> None:
    assert 0 < calibration_of(HashedNgrams().model).threshold < 1
    with pytest.raises(LookupError, match="text-embedding-3-small"):
        calibration_of("text-embedding-3-small")
