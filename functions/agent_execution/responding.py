"""Who answers: today the extractive responder over the organization's own knowledge, which needs no model."""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from shared.agents.extractive import ExtractiveResponder
from shared.knowledge.models import Retrieval
from shared.platform.database import Database
from shared.platform.settings import EmbeddingSettings

if TYPE_CHECKING:
    from shared.knowledge.finding import Finder

# The best passage answers; the next ones are kept in the execution's record as what was considered.
_PASSAGES: Final = 5


def knowledge_responder(database: Database, *, embedding: EmbeddingSettings | None = None) -> ExtractiveResponder:
    """Answers from the passages that one statement per question finds, with the organization's own embedder."""
    finders: list[Finder] = []

    def look_up(organization_id: UUID, question: str) -> Retrieval:
        if not finders:  # numpy: a question needs it, a start does not
            from shared.knowledge.embedders import Embedders  # noqa: PLC0415
            from shared.knowledge.finding import Finder  # noqa: PLC0415

            finders.append(Finder(database, Embedders(embedding or EmbeddingSettings())))
        return finders[0].find(organization_id, question, limit=_PASSAGES)

    return ExtractiveResponder(retrieve=look_up)
