"""What a running instance of media_transfer is made of."""

from typing import Any

from functions.media_transfer.handler import execute
from shared.channels.access_tokens import AccessTokens
from shared.channels.outbox import Account
from shared.media.fetching import Fetching
from shared.media.hosts import origin_name
from shared.media.model_reader import ModelAddress, ModelReader
from shared.media.models import Transfer
from shared.media.reading import Reader
from shared.media.transfers import Means
from shared.platform.boundary import Task
from shared.platform.callers import Callers
from shared.platform.database import connect
from shared.platform.keys import Keys
from shared.platform.logs import configure
from shared.platform.queue import CloudTasks, Queue
from shared.platform.role_check import check_role
from shared.platform.settings import (
    CallerSettings,
    DatabaseSettings,
    GraphSettings,
    KeySettings,
    LogSettings,
    MediaHostSettings,
    MediaReaderSettings,
    MediaTransferSettings,
    StorageSettings,
    TasksSettings,
)
from shared.platform.storage import CloudStorage


class MediaFunctionSettings(
    DatabaseSettings,
    TasksSettings,
    CallerSettings,
    KeySettings,
    GraphSettings,
    StorageSettings,
    MediaTransferSettings,
    MediaHostSettings,
    MediaReaderSettings,
    LogSettings,
):
    """Everything that it reads from the environment, so that all that is missing is named at once."""


class MediaFunction:
    """The parts of one process, made by its first request: nothing is connected while the instance starts."""

    def __init__(
        self, settings: MediaFunctionSettings, *, reader: Reader | None = None, queue: Queue | None = None
    ) -> None:
        configure(settings)
        self.callers = Callers(settings)
        self._database = connect(settings)
        self._queue = queue or CloudTasks(settings)
        self._own_url = settings.media_transfer_url
        tokens = AccessTokens(Keys(settings, self._database))

        def open_token(transfer: Transfer) -> str:
            account = Account(transfer.connection_id, transfer.provider, "", transfer.sealed_token)
            return tokens.open(transfer.organization_id, account)

        # what is configured may be anywhere, also on this machine; everything else must be Meta's and public
        configured = (settings.graph_base_url, *settings.media_trusted_origins)
        self._means = Means(
            database=self._database,
            storage=CloudStorage(settings),
            bucket=settings.media_bucket,
            fetching=Fetching(trusted=frozenset(origin_name(url) for url in configured)),
            graph_url=f"{settings.graph_base_url.rstrip('/')}/{settings.graph_version}",
            open_token=open_token,
            reader=reader or model_reader(settings),
        )

    def run(self, task: Task) -> dict[str, Any]:
        """One task of the queue; see `execute`."""
        check_role(self._database)
        return execute(task.payload, task_name=task.name, means=self._means, queue=self._queue, own_url=self._own_url)


def model_reader(settings: MediaReaderSettings) -> Reader | None:
    """The reader that the settings ask for, if any."""
    if settings.media_reader_url is None:
        return None
    key = settings.media_reader_api_key
    return ModelReader(
        ModelAddress(settings.media_reader_url, key.get_secret_value() if key else ""),
        transcription_model=settings.media_transcription_model,
        description_model=settings.media_description_model,
    )
