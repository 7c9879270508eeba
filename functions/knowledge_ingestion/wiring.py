"""What a running instance of knowledge_ingestion is made of."""

from typing import TYPE_CHECKING, Any

from functions.knowledge_ingestion.handler import execute
from shared.platform.boundary import Task
from shared.platform.callers import Callers
from shared.platform.database import connect
from shared.platform.logs import configure
from shared.platform.queue import CloudTasks, Queue
from shared.platform.role_check import check_role
from shared.platform.settings import (
    CallerSettings,
    DatabaseSettings,
    EmbeddingSettings,
    KnowledgeIngestionSettings,
    LogSettings,
    StorageSettings,
    TasksSettings,
)
from shared.platform.storage import CloudStorage

if TYPE_CHECKING:
    from shared.knowledge.ingestion.running import Means


class KnowledgeFunctionSettings(
    DatabaseSettings,
    EmbeddingSettings,
    TasksSettings,
    CallerSettings,
    StorageSettings,
    KnowledgeIngestionSettings,
    LogSettings,
):
    """Everything that it reads from the environment, so that all that is missing is named at once."""

    google_cloud_project: str


class KnowledgeFunction:
    """The parts of one process, made by its first request: nothing is connected while the instance starts."""

    def __init__(self, settings: KnowledgeFunctionSettings, *, queue: Queue | None = None) -> None:
        configure(settings)
        self.callers = Callers(settings)
        self._database = connect(settings)
        self._queue = queue or CloudTasks(settings)
        self._own_url = settings.knowledge_ingestion_url
        self._means = self._made(settings)

    def _made(self, settings: KnowledgeFunctionSettings) -> "Means":
        from shared.knowledge.embedders import Embedders  # noqa: PLC0415 (numpy: a start does not wait for it)
        from shared.knowledge.ingestion.pages import Pages  # noqa: PLC0415 (idem)
        from shared.knowledge.ingestion.running import Means  # noqa: PLC0415 (idem)

        return Means(
            database=self._database,
            embedders=Embedders(settings),
            pages=Pages(),
            storage=CloudStorage(settings),
            bucket=settings.media_bucket,
        )

    def run(self, task: Task) -> dict[str, Any]:
        """One task of the queue; see `execute`."""
        check_role(self._database)
        return execute(task.payload, task_name=task.name, means=self._means, queue=self._queue, own_url=self._own_url)
