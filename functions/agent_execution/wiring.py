"""What a running instance of agent_execution is made of."""

from collections.abc import Callable
from typing import Any

from functions.agent_execution.handler import execute
from functions.agent_execution.runs import execute_run_task, names_a_run
from shared.agents.attention import Attention
from shared.agents.responder import Responder
from shared.channels.access_tokens import AccessTokens
from shared.channels.graph import GraphSender
from shared.conversations.models import TurnTimes
from shared.platform.boundary import Task
from shared.platform.callers import Callers
from shared.platform.database import Database, connect
from shared.platform.keys import Keys
from shared.platform.logs import configure
from shared.platform.queue import CloudTasks, Queue
from shared.platform.role_check import check_role
from shared.platform.settings import (
    AgentExecutionSettings,
    CallerSettings,
    DatabaseSettings,
    EmbeddingSettings,
    GraphSettings,
    KeySettings,
    LanguageModelSettings,
    LogSettings,
    TasksSettings,
    TurnSettings,
)


class TurnFunctionSettings(
    DatabaseSettings,
    TasksSettings,
    AgentExecutionSettings,
    CallerSettings,
    KeySettings,
    GraphSettings,
    TurnSettings,
    EmbeddingSettings,
    LanguageModelSettings,
    LogSettings,
):
    """Everything that it reads from the environment, so that all that is missing is named at once."""

    google_cloud_project: str


class TurnFunction:
    """The parts of one process, made by its first request: nothing is connected while the instance starts."""

    def __init__(
        self,
        settings: TurnFunctionSettings,
        *,
        make_responder: Callable[[Database], Responder],
        queue: Queue | None = None,
    ) -> None:
        configure(settings)
        self.callers = Callers(settings)
        self._database = connect(settings)
        self._queue = queue or CloudTasks(settings)
        self._own_url = settings.agent_execution_url
        self._responder = make_responder(self._database)
        self._sender = GraphSender(
            base_url=settings.graph_base_url,
            instagram_base_url=settings.instagram_graph_base_url,
            version=settings.graph_version,
            open_token=AccessTokens(Keys(settings, self._database)).open,
            guard_seconds=settings.send_guard_seconds,
        )
        self._attend = Attention(self._sender.show_seen)
        self._times = turn_times(settings)

    def run(self, task: Task) -> dict[str, Any]:
        """One task of the queue; see `execute`, and `execute_run_task` for an agent's own runs."""
        check_role(self._database)
        if names_a_run(task.payload):
            return execute_run_task(
                task.payload,
                task_name=task.name,
                database=self._database,
                queue=self._queue,
                own_url=self._own_url,
            )
        return execute(
            task.payload,
            task_name=task.name,
            database=self._database,
            queue=self._queue,
            own_url=self._own_url,
            responder=self._responder,
            sender=self._sender,
            times=self._times,
            attend=self._attend,
        )


def turn_times(settings: TurnSettings) -> TurnTimes:
    """The turn's times as the settings say."""
    return TurnTimes(
        quiet=settings.quiet_seconds,
        ceiling=settings.ceiling_seconds,
        lease=settings.lease_seconds,
        timeout=settings.turn_timeout_seconds,
        max_age=settings.reply_max_age_hours * 3600,
        max_replies=settings.max_replies_per_10_minutes,
        media_wait=settings.media_wait_seconds,
    )
