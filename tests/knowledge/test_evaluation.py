"""K-12: frozen Portuguese questions; a change that finds less, or says what it does not know, fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shared.knowledge.importing import import_folder
from tests.knowledge.evaluation import evaluate
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from shared.platform.database import Database as ApplicationDatabase
    from tests.support.database import Database

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# The first set was used to find the threshold, the vocabulary and the weights; the others were written for the test.
SETS = {
    "bakery": (ROOT / "infra/cli/demo_knowledge", HERE / "questions.json"),
    "pet shop": (HERE / "pet_shop", HERE / "pet_shop" / "questions.json"),
}


@pytest.mark.parametrize("name", SETS)
def test_questions_find_their_passages_and_unknown_things_find_none(
    shared_database: Database, application: ApplicationDatabase, name: str
) -> None:
    """K-02, K-12."""
    folder, questions = SETS[name]
    organization_id = make_organization(shared_database).organization_id
    import_folder(application, organization_id, folder)
    evaluation = evaluate(application, organization_id, questions)
    print(f"\n{name}: {evaluation.summary()}")  # noqa: T201 -- the figures, shown with -s and when it fails
    assert evaluation.recall_at(5) >= 0.95
    assert evaluation.abstain_precision >= 0.9
    assert evaluation.abstain_recall >= 0.85
