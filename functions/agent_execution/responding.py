"""Who answers: the agent's language model when there is a credential for it, else the extractive responder.

Both answer from the organization's own knowledge. The model's libraries take seconds to import: nobody pays for them
but who uses them.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from uuid import UUID

from shared.agents.extractive import ExtractiveResponder
from shared.agents.gates.models import Verdict
from shared.agents.model_responder import ModelResponder
from shared.agents.models.names import choose
from shared.agents.models.service import ModelService
from shared.agents.responder import Answer, CallLedger, Turn
from shared.agents.tools import Retrieve
from shared.knowledge.models import Retrieval
from shared.platform.database import Database
from shared.platform.settings import EmbeddingSettings, LanguageModelSettings

if TYPE_CHECKING:
    from shared.knowledge.finding import Finder

# The best passages are what a model reads; of an extractive answer they are what was considered.
_PASSAGES: Final = 5


class ChoosingResponder:
    """Gives each turn to the responder that its agent's configuration asks for, as far as credentials allow."""

    def __init__(self, *, retrieve_for: Callable[[Turn], Retrieve], service: ModelService | None = None) -> None:
        """`retrieve_for` a turn, in whose ledger the model of a question's vector is written down."""
        self._retrieve_for = retrieve_for
        self._service = service

    def answer(self, turn: Turn) -> Answer:
        """What the agent's responder answers."""
        chosen = self._model_responder(turn)
        if chosen is not None:
            return chosen.answer(turn)
        return ExtractiveResponder(retrieve=self._retrieve_for(turn)).answer(turn)

    def rewrite(self, turn: Turn, answer: Answer, vetoes: Sequence[Verdict]) -> Answer:
        """The model's second try. Without a model there is nobody who could write again: the answer stays."""
        chosen = self._model_responder(turn)
        return answer if chosen is None else chosen.rewrite(turn, answer, vetoes)

    def close(self) -> None:
        """End connections to models."""
        if self._service is not None:
            self._service.close()

    def _model_responder(self, turn: Turn) -> ModelResponder | None:
        service = self._service
        if service is None:
            return None
        choice = choose(turn.claimed.configuration.model_settings, available=service.available)
        if choice is None:
            return None
        return ModelResponder(retrieve=self._retrieve_for(turn), service=service, choice=choice)


def knowledge_responder(
    database: Database, *, embedding: EmbeddingSettings | None = None, models: LanguageModelSettings | None = None
) -> ChoosingResponder:
    """Answers from the passages that one statement per question finds, with the organization's own embedder.

    Without `models` no model is asked.
    """
    finders: list[Finder] = []

    def retrieve_for(turn: Turn) -> Retrieve:
        return lambda organization_id, question: look_up(organization_id, question, turn.calls)

    def look_up(organization_id: UUID, question: str, ledger: CallLedger) -> Retrieval:
        if not finders:  # numpy: a question needs it, a start does not
            from shared.knowledge.embedders import Embedders  # noqa: PLC0415 (see above)
            from shared.knowledge.finding import Finder  # noqa: PLC0415 (idem)

            finders.append(Finder(database, Embedders(embedding or EmbeddingSettings())))
        return finders[0].find(organization_id, question, limit=_PASSAGES, ledger=ledger)

    return ChoosingResponder(retrieve_for=retrieve_for, service=None if models is None else ModelService(models))
