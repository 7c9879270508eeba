"""Who answers: today the extractive responder over the organization's own knowledge, which needs no model."""

from typing import Final
from uuid import UUID

from shared.agents.extractive import ExtractiveResponder
from shared.knowledge.models import Retrieval
from shared.platform.database import Database

# The best passage answers; the next ones are kept in the execution's record as what was considered.
_PASSAGES: Final = 5


def knowledge_responder(database: Database) -> ExtractiveResponder:
    """Answers from the passages that one statement per question finds."""

    def look_up(organization_id: UUID, question: str) -> Retrieval:
        from shared.knowledge.retrieval import retrieve  # noqa: PLC0415 (numpy: a question needs it, a start does not)

        return retrieve(database, organization_id=organization_id, question=question, limit=_PASSAGES)

    return ExtractiveResponder(retrieve=look_up)
