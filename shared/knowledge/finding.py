"""Finds passages with the embedder of the organization's own chunks, also in the minute in which that changes."""

from uuid import UUID

from shared.knowledge.embedders import Embedders
from shared.knowledge.embedding_calls import EmbeddingLedger
from shared.knowledge.models import Retrieval
from shared.knowledge.retrieval import retrieve
from shared.platform.database import Database


class Finder:
    """One per process; threads share it."""

    def __init__(self, database: Database, embedders: Embedders) -> None:
        self._database = database
        self._embedders = embedders

    def find(
        self, organization_id: UUID, question: str, *, limit: int = 5, ledger: EmbeddingLedger | None = None
    ) -> Retrieval:
        """As `retrieve`. Nobody is asked for the model while only the embedded one can be in use.

        `ledger` writes down the call of a paid model. Raises SpendingLimitReached as that does, Unavailable when the
        database or the model is away, Rejected `embedding_not_configured` for an organization whose model the settings
        do not name any more.
        """
        if self._embedders.is_one_for_all():
            found = retrieve(self._database, organization_id=organization_id, question=question, limit=limit)
            if (
                found.best_score == 0
            ):  # a function that lacks the settings of its organization's model must not be silent
                self._embedders.for_questions(self._embedders.model_of(self._database, organization_id))
            return found
        model = self._embedders.model_of(self._database, organization_id)
        found = self._retrieve(organization_id, question, model=model, limit=limit, ledger=ledger)
        if found.best_score > 0:
            return found
        # nothing at all: no chunk has a word of it, or all of them were just switched to another model
        now = self._embedders.model_of(self._database, organization_id, fresh=True)
        if now == model:
            return found
        return self._retrieve(organization_id, question, model=now, limit=limit, ledger=ledger)

    def _retrieve(
        self, organization_id: UUID, question: str, *, model: str, limit: int, ledger: EmbeddingLedger | None
    ) -> Retrieval:
        return retrieve(
            self._database,
            organization_id=organization_id,
            question=question,
            limit=limit,
            embedder=self._embedders.for_questions(model, ledger=ledger),
        )
