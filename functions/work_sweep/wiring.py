"""What a running instance of work_sweep is made of."""

from typing import Any

from functions.work_sweep.handler import sweep
from shared.conversations.repair import SweepTimes
from shared.platform.callers import Callers
from shared.platform.database import connect
from shared.platform.logs import configure
from shared.platform.queue import CloudTasks
from shared.platform.role_check import check_role
from shared.platform.settings import (
    AgentExecutionSettings,
    CallerSettings,
    DatabaseSettings,
    LogSettings,
    MessageDeliverySettings,
    TasksSettings,
    TurnSettings,
)


class SweepSettings(
    DatabaseSettings,
    TasksSettings,
    AgentExecutionSettings,
    MessageDeliverySettings,
    CallerSettings,
    TurnSettings,
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

    def run(self) -> dict[str, Any]:
        """One sweep; see `sweep`."""
        check_role(self._database)
        return sweep(
            self._database,
            queue=self._queue,
            turn_url=self._turn_url,
            delivery_url=self._delivery_url,
            times=self._times,
        )


def sweep_times(settings: TurnSettings) -> SweepTimes:
    """The sweep's times as the settings of the turns say."""
    return SweepTimes(
        sending_limit=settings.sending_limit_seconds,
        uncertain=settings.uncertain_seconds,
        lease=settings.lease_seconds,
    )
