"""What a running instance of message_delivery is made of."""

from typing import Any

from functions.message_delivery.handler import DeliveryTimes, deliver
from shared.channels.access_tokens import AccessTokens
from shared.channels.graph import GraphSender
from shared.platform.boundary import Task
from shared.platform.callers import Callers
from shared.platform.database import connect
from shared.platform.keys import Keys
from shared.platform.logs import configure
from shared.platform.queue import CloudTasks
from shared.platform.role_check import check_role
from shared.platform.settings import (
    CallerSettings,
    DatabaseSettings,
    GraphSettings,
    KeySettings,
    LogSettings,
    MessageDeliverySettings,
    TasksSettings,
    TurnSettings,
)


class DeliveryFunctionSettings(
    DatabaseSettings,
    TasksSettings,
    MessageDeliverySettings,
    CallerSettings,
    KeySettings,
    GraphSettings,
    TurnSettings,
    LogSettings,
):
    """Everything that it reads from the environment, so that all that is missing is named at once."""


class DeliveryFunction:
    """The parts of one process, made by its first request: nothing is connected while the instance starts."""

    def __init__(self, settings: DeliveryFunctionSettings) -> None:
        configure(settings)
        self.callers = Callers(settings)
        self._database = connect(settings)
        self._queue = CloudTasks(settings)
        self._own_url = settings.message_delivery_url
        self._sender = GraphSender(
            base_url=settings.graph_base_url,
            instagram_base_url=settings.instagram_graph_base_url,
            version=settings.graph_version,
            open_token=AccessTokens(Keys(settings, self._database)).open,
            guard_seconds=settings.send_guard_seconds,
        )
        self._times = DeliveryTimes(
            max_age=settings.reply_max_age_hours * 3600,
            quiet=settings.quiet_seconds,
            uncertain=settings.uncertain_seconds,
            timeout=settings.turn_timeout_seconds,
        )

    def run(self, task: Task) -> dict[str, Any]:
        """One task of the queue; see `deliver`."""
        check_role(self._database)
        return deliver(
            task.payload,
            database=self._database,
            queue=self._queue,
            own_url=self._own_url,
            sender=self._sender,
            times=self._times,
        )
