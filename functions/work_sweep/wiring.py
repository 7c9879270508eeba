"""What a running instance of work_sweep is made of."""

from typing import TYPE_CHECKING, Any

from functions.work_sweep.connections import look_after_connections
from functions.work_sweep.handler import sweep
from functions.work_sweep.handoffs import look_after_handoffs
from functions.work_sweep.knowledge import look_after_knowledge
from functions.work_sweep.media import look_after_media
from functions.work_sweep.schedules import look_after_agents
from shared.channels.account_reading import account_reader
from shared.conversations.repair import SweepTimes
from shared.platform.callers import Callers
from shared.platform.database import connect
from shared.platform.logs import configure
from shared.platform.queue import CloudTasks
from shared.platform.role_check import check_role
from shared.platform.settings import (
    AgentExecutionSettings,
    CallerSettings,
    ConnectionSettings,
    DatabaseSettings,
    GraphSettings,
    KeySettings,
    KnowledgeIngestionSettings,
    LogSettings,
    MediaTransferSettings,
    MessageDeliverySettings,
    TasksSettings,
    TurnSettings,
)

if TYPE_CHECKING:
    from shared.platform.keys import HandedKeys


class SweepSettings(
    DatabaseSettings,
    TasksSettings,
    AgentExecutionSettings,
    MessageDeliverySettings,
    MediaTransferSettings,
    KnowledgeIngestionSettings,
    CallerSettings,
    TurnSettings,
    KeySettings,
    GraphSettings,
    ConnectionSettings,
    LogSettings,
):
    """Everything that it reads from the environment, so that all that is missing is named at once."""


class SweepFunction:
    """The parts of one process, made by its first request."""

    def __init__(self, settings: SweepSettings) -> None:
        configure(settings)
        self.callers = Callers(settings)
        self._database = connect(settings)
        self._queue = CloudTasks(settings)
        self._turn_url = settings.agent_execution_url
        self._delivery_url = settings.message_delivery_url
        self._times = sweep_times(settings)
        self._settings = settings
        self._reader = account_reader(settings)

    def run(self) -> dict[str, Any]:
        """One sweep; see `sweep`."""
        check_role(self._database)
        swept = sweep(
            self._database,
            queue=self._queue,
            turn_url=self._turn_url,
            delivery_url=self._delivery_url,
            times=self._times,
        )
        if "skipped" in swept:
            return swept
        agents = look_after_agents(self._database, queue=self._queue, turn_url=self._turn_url)
        media = look_after_media(self._database, queue=self._queue, media_url=self._settings.media_transfer_url)
        handoffs = look_after_handoffs(self._database, max_age=self._settings.reply_max_age_hours * 3600)
        knowledge = look_after_knowledge(
            self._database, queue=self._queue, knowledge_url=self._settings.knowledge_ingestion_url
        )
        counts = {"agents": agents, "media": media, "handoffs": handoffs, "knowledge": knowledge}
        return {**swept, **counts, "connections": self._look_after_connections()}

    def _look_after_connections(self) -> dict[str, Any]:
        return look_after_connections(
            self._database,
            open_keys=self._open_keys,
            provider=self._reader,
            silent_minutes=self._settings.silent_channel_minutes,
            warning_days=self._settings.token_warning_days,
        )

    def _open_keys(self) -> "HandedKeys":
        from shared.platform.keys import HandedKeys  # noqa: PLC0415 (Tink takes long, and most sweeps renew nothing)

        return HandedKeys(self._settings)


def sweep_times(settings: TurnSettings) -> SweepTimes:
    """The sweep's times as the settings of the turns say."""
    return SweepTimes(
        sending_limit=settings.sending_limit_seconds,
        uncertain=settings.uncertain_seconds,
        lease=settings.lease_seconds,
    )
