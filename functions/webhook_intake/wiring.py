"""What a running instance of webhook_intake is made of."""

import gc

from functions.webhook_intake.group_commit import WRITERS, GroupCommit
from functions.webhook_intake.providers import providers_by_path
from functions.webhook_intake.recording import Recorder
from functions.webhook_intake.wake_ups import IntakeWakeUps
from shared.channels.deliveries import BurstRules
from shared.platform.database import connect
from shared.platform.keys import Keys
from shared.platform.logs import configure
from shared.platform.queue import CloudTasks
from shared.platform.settings import (
    AgentExecutionSettings,
    DatabaseSettings,
    KeySettings,
    LogSettings,
    MediaTransferSettings,
    MetaSettings,
    TasksSettings,
    TurnSettings,
)


class IntakeSettings(
    DatabaseSettings,
    TasksSettings,
    AgentExecutionSettings,
    MediaTransferSettings,
    KeySettings,
    MetaSettings,
    TurnSettings,
    LogSettings,
):
    """Everything that it reads from the environment, so that all that is missing is named at once."""


class Intake:
    """The parts of one process; made in the process and on the event loop that use them."""

    def __init__(self, settings: IntakeSettings) -> None:
        """Connect nothing yet: that is done by the first delivery."""
        configure(settings)
        self._database = connect(settings)
        self._wake_ups = IntakeWakeUps(
            CloudTasks(settings), turn_url=settings.agent_execution_url, media_url=settings.media_transfer_url
        )
        rules = BurstRules(
            quiet_seconds=settings.quiet_seconds,
            ceiling_seconds=settings.ceiling_seconds,
            reply_max_age_seconds=settings.reply_max_age_hours * 3600,
        )
        keys = Keys(settings, self._database)
        self._group_commit = GroupCommit(
            Recorder(self._database, seal=keys.seal_delivery, rules=rules).write,
            wake=self._wake_ups.send,
            writers=min(WRITERS, settings.database_pool_size),
        )
        self.record = self._group_commit.record
        self.providers = providers_by_path(
            meta_app_secrets=[secret.get_secret_value().encode() for secret in settings.meta_app_secrets],
            instagram_app_secrets=[secret.get_secret_value().encode() for secret in settings.instagram_app_secrets],
            meta_verify_token=settings.meta_verify_token.get_secret_value(),
        )
        gc.freeze()  # what is there now stays: the collector need not walk through it (a tenth more requests a second)
