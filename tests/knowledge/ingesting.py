"""An organization whose documents come in by uploads and addresses, with a bucket, a site and two embedding models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from shared.knowledge.embedders import Embedders
from shared.knowledge.ingestion.pages import Pages
from shared.knowledge.ingestion.requesting import accept_upload
from shared.knowledge.ingestion.running import Means, run_ingestion
from shared.knowledge.retrieval import retrieve
from shared.platform.settings import EmbeddingSettings

if TYPE_CHECKING:
    from uuid import UUID

    from shared.knowledge.ingestion.models import IngestionReport
    from tests.knowledge.sites import Site
    from tests.support.tenants import Tenant

BUCKET = "media"


@dataclass
class Knowing:
    """Everything that a document touches on its way in."""

    means: Means
    site: Site
    tenant: Tenant

    @property
    def organization_id(self) -> UUID:
        """Whose knowledge it is."""
        return self.tenant.organization_id

    def rows(self, statement: str, **values: object) -> list[Any]:
        """Run a statement as the organization; rows of one column come as values."""
        found = self.means.database.tenant_once(self.organization_id, statement, **values)
        return [row[0] if len(row) == 1 else tuple(row) for row in found]

    def upload(self, path: str, raw: bytes | str, *, content_type: str | None = None) -> UUID:
        """An accepted upload."""
        assert self.means.storage is not None
        return accept_upload(
            self.means.database,
            self.organization_id,
            raw.encode() if isinstance(raw, str) else raw,
            path=path,
            content_type=content_type,
            storage=self.means.storage,
            bucket=BUCKET,
        )

    def run(self, ingestion: UUID, **changed: Any) -> IngestionReport:
        """One run, with other means where a test says so."""
        means = replace(self.means, **changed)
        return run_ingestion(means, organization_id=self.organization_id, ingestion_id=ingestion)

    def known(self, path: str, raw: bytes | str) -> UUID:
        """An entry that came by an upload; returns its id."""
        assert self.run(self.upload(path, raw)).state == "done"
        (entry,) = self.rows(
            "SELECT id FROM platform.knowledge_base WHERE source_path = :path AND status = 'active'", path=path
        )
        assert not isinstance(entry, tuple)
        found: UUID = entry
        return found

    def state(self, ingestion: UUID) -> tuple[Any, ...]:
        """The row's state and code."""
        (row,) = self.rows("SELECT state, error_code FROM platform.knowledge_ingestions WHERE id = :id", id=ingestion)
        return tuple(row)

    def pending(self, kind: str) -> list[UUID]:
        """The work of a kind that is to be done."""
        return self.rows(
            "SELECT id FROM platform.knowledge_ingestions WHERE kind = :kind AND state = 'pending' ORDER BY created_at",
            kind=kind,
        )

    def due(self, ingestion: UUID) -> None:
        """Have its next attempt now, whatever it waits for."""
        self.rows(
            "UPDATE platform.knowledge_ingestions SET next_attempt_at = now(), lease_until = NULL, state = 'pending'"
            " WHERE id = :id AND state IN ('pending', 'running')",
            id=ingestion,
        )

    def active(self) -> list[Any]:
        """Path, version and title of what is in use."""
        return self.rows(
            "SELECT source_path, version, title FROM platform.knowledge_base WHERE status = 'active' ORDER BY 1"
        )

    def objects(self) -> list[str]:
        """The organization's documents in the bucket."""
        assert self.means.storage is not None
        prefix = f"knowledge/{self.organization_id}/"
        return self.means.storage.names(BUCKET, prefix, start="", end="~", limit=100)

    def answer(self, question: str) -> str | None:
        """What is found with the organization's own model."""
        model = self.means.embedders.model_of(self.means.database, self.organization_id, fresh=True)
        found = retrieve(
            self.means.database,
            organization_id=self.organization_id,
            question=question,
            embedder=self.means.embedders.for_questions(model),
        )
        return found.passages[0].content if found.passages else None


def embedders(site: Site, **settings: Any) -> Embedders:
    """All models, the paid ones at the site."""
    return Embedders(
        EmbeddingSettings(embedding_url=f"{site.url}/v1", embedding_api_key=SecretStr("sk-test"), **settings),
        google_token=lambda: "ya29.test",
    )


def pages(site: Site, **options: Any) -> Pages:
    """Fetches from the site as if it were public."""
    return Pages(trusted=frozenset({site.url}), **{"total_seconds": 2.0, "read_seconds": 1.0, **options})
