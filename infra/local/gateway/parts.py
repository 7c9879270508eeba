"""The parts of a running stack that the gateway shows and commands."""

from dataclasses import dataclass

from infra.local.meta.app import MetaApp
from infra.local.meta.sandbox import MetaSandbox
from infra.local.models.app import ModelApp
from infra.local.object_storage import ObjectStorage
from infra.local.scheduler import Scheduler
from infra.local.tasks.engine import TaskEngine
from infra.local.tokens import TokenSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """They may still be starting."""

    engine: TaskEngine
    scheduler: Scheduler
    sandbox: MetaSandbox
    meta: MetaApp
    models: ModelApp
    storage: ObjectStorage
    tokens: TokenSigner
