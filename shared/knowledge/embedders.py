"""Which embedder speaks for a model's name: the embedded one, or one behind the settings' addresses.

An organization's chunks are all of one model, and its questions are embedded by the same.
"""

import threading
import time
from typing import Final
from uuid import UUID

from shared.kit.errors import Rejected
from shared.knowledge import queries
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.embedding_calls import EmbeddingLedger
from shared.knowledge.remote_embedding import GeminiEmbedder, OpenAiEmbedder
from shared.platform.database import Database
from shared.platform.google_tokens import AccessTokenSource, default_access_token
from shared.platform.settings import EmbeddingSettings

OPENAI: Final = "text-embedding-3-small"
GEMINI: Final = "gemini-embedding-001"
REMEMBERED_SECONDS: Final = 60.0  # that a model is believed to be an organization's; see `retrieve_for`


class Embedders:
    """One per process; threads share it. Nothing is connected before a text is embedded."""

    def __init__(
        self,
        settings: EmbeddingSettings,
        *,
        google_token: AccessTokenSource = default_access_token,
    ) -> None:
        """`google_token` gives the token with which Vertex AI is called."""
        self._settings = settings
        self._google_token = google_token
        self._hashed = HashedNgrams()
        self._remembered: dict[UUID, tuple[str, float]] = {}
        self._lock = threading.Lock()

    @property
    def default_model(self) -> str:
        """The model of organizations that know nothing yet."""
        return self._settings.embedding_model

    def for_documents(self, model: str, *, ledger: EmbeddingLedger | None = None) -> Embedder:
        """The embedder of texts that are stored; `ledger` writes down each call of a paid model before it is made.

        Raises Rejected `embedding_model_unknown`, `embedding_not_configured`.
        """
        return self._named(model, task="RETRIEVAL_DOCUMENT", ledger=ledger)

    def for_questions(self, model: str, *, ledger: EmbeddingLedger | None = None) -> Embedder:
        """The embedder of texts that are searched with; some models tell the two apart. Else as `for_documents`."""
        return self._named(model, task="RETRIEVAL_QUERY", ledger=ledger)

    def model_of(self, database: Database, organization_id: UUID, *, fresh: bool = False) -> str:
        """The model of the organization's chunks, or else the default; looked up once a minute unless `fresh`."""
        now = time.monotonic()
        with self._lock:
            known = self._remembered.get(organization_id)
        if known is not None and not fresh and now - known[1] < REMEMBERED_SECONDS:
            return known[0]
        model = queries.embedding_model(database, organization_id) or self.default_model
        with self._lock:
            if len(self._remembered) > 10_000:  # noqa: PLR2004 -- a megabyte; then it is learned anew
                self._remembered.clear()
            self._remembered[organization_id] = (model, now)
        return model

    def is_one_for_all(self) -> bool:
        """Whether no other model than the embedded one is configured: then nobody needs to look."""
        settings = self._settings
        return not settings.embedding_url and not settings.embedding_vertex_location

    def _named(self, model: str, *, task: str, ledger: EmbeddingLedger | None) -> Embedder:
        settings = self._settings
        if model == HashedNgrams.model:
            return self._hashed
        if model == OPENAI:
            if settings.embedding_url is None:
                raise _not_configured(model, "EMBEDDING_URL and EMBEDDING_API_KEY")
            key = settings.embedding_api_key
            return OpenAiEmbedder(
                settings.embedding_url, model=model, key=key.get_secret_value() if key else "", ledger=ledger
            )
        if model == GEMINI:
            if settings.embedding_vertex_location is None or settings.google_cloud_project is None:
                raise _not_configured(model, "EMBEDDING_VERTEX_LOCATION and GOOGLE_CLOUD_PROJECT")
            return GeminiEmbedder(
                url=_vertex_url(settings.embedding_vertex_location, settings.google_cloud_project),
                task=task,
                token=self._google_token,
                ledger=ledger,
            )
        raise Rejected(
            "embedding_model_unknown",
            f"there is no embedding model {model[:80]!r}; known are {HashedNgrams.model}, {OPENAI} and {GEMINI}",
        )


def _vertex_url(location: str, project: str) -> str:
    """The address of Vertex AI's predict method for the model."""
    host = "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"
    return f"https://{host}/v1/projects/{project}/locations/{location}/publishers/google/models/{GEMINI}:predict"


def _not_configured(model: str, names: str) -> Rejected:
    return Rejected("embedding_not_configured", f"the model {model} needs the settings {names}")
