"""K-12: what three businesses are asked, and the floors that no change may fall below."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from shared.knowledge.embedding import DIMENSIONS
from tests.evaluation.asking import EMBEDDER, import_businesses
from tests.evaluation.evaluation import evaluate, promises
from tests.evaluation.questions import BUSINESSES, KINDS, questions_of
from tests.support.conversations import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.knowledge.embedding import Vectors
    from shared.platform.database import Database as ApplicationDatabase
    from tests.evaluation.asking import Business
    from tests.support.database import Database


@pytest.fixture(scope="module")
def imported(shared_database: Database) -> Iterator[tuple[ApplicationDatabase, list[Business]]]:
    """All businesses in one database."""
    with contextlib.closing(open_database(shared_database, "application")) as application:
        yield application, import_businesses(shared_database, application)


def test_nothing_falls_below_its_floor_and_both_together_beat_either(
    imported: tuple[ApplicationDatabase, list[Business]],
) -> None:
    """K-12."""
    evaluation = evaluate(*imported)

    assert [promise for promise in promises(evaluation) if not promise.met] == []


def test_a_search_that_is_broken_falls_below_the_floors(imported: tuple[ApplicationDatabase, list[Business]]) -> None:
    """The negative control: questions whose vectors say nothing."""
    evaluation = evaluate(*imported, embedder=_Noise())

    missed = {promise.what for promise in promises(evaluation) if not promise.met}
    assert {"tuned on: recall@5", "held out: recall@5"} <= missed


def test_each_business_is_asked_sixty_questions_of_every_kind() -> None:
    for business in BUSINESSES:
        kinds = Counter(question.kind for question in questions_of(business))
        assert kinds.total() >= 60
        assert min(kinds[kind] for kind in KINDS) >= 5


def test_every_source_is_a_heading_of_its_file() -> None:
    for business, folder in BUSINESSES.items():
        for question in questions_of(business):
            for name in (name for accepted in question.sources for name in accepted):
                file, _, heading = name.partition("#")
                assert f"## {heading}\n" in (folder / "documents" / file).read_text(encoding="utf-8"), name


class _Noise:
    """An embedder that has its model's name and nothing else of it."""

    model = EMBEDDER.model
    dimensions = DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Random unit vectors."""
        drawn = np.random.default_rng(7).standard_normal((len(texts), DIMENSIONS), dtype=np.float32)
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        return drawn
