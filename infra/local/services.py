"""The stack's own servers in one process: queue, scheduler, sandboxes, storage and the gateway in front of them.

A module of its own because its imports (gRPC, the client library's messages, the emulator) take most of a second, in
which the database and the functions are starting already.
"""

from collections.abc import Sequence

from infra.local.basis import Basis
from infra.local.demo_tenant import DemoTenant
from infra.local.environment import ARCHIVE_BUCKET, MEDIA_BUCKET
from infra.local.gateway.app import Gateway
from infra.local.gateway.parts import Parts
from infra.local.gateway.proxy import Proxy
from infra.local.meta.accounts import PageAccount
from infra.local.meta.app import MetaApp
from infra.local.meta.sandbox import MetaSandbox
from infra.local.meta.webhooks import Receiver
from infra.local.models.app import ModelApp, ModelSandbox
from infra.local.object_storage import ObjectStorage
from infra.local.ports import port_of
from infra.local.queues import make_queues, mover
from infra.local.scheduler import Scheduler
from infra.local.tasks.delivery import TaskDelivery
from infra.local.tasks.engine import TaskEngine
from infra.local.tasks.journal import Journal
from infra.local.tasks.service import TasksServer
from infra.local.tokens import TokenSigner

_INTAKE = "webhook_intake"


class Services:
    """Built while the database starts, started when it answers."""

    def __init__(self, basis: Basis) -> None:
        """Build everything; nothing answers yet."""
        directory, secrets, fetcher = basis.directory, basis.secrets, basis.fetcher
        self._basis = basis
        tokens = TokenSigner(private_key=secrets.oidc_private_key, issuer=f"{directory.gateway}/oidc")
        deliver = TaskDelivery(fetcher=fetcher, tokens=tokens).deliver
        self.engine = TaskEngine(journal=Journal(lambda: basis.databases.connect("local_stack")), deliver=deliver)
        self.tasks_server = TasksServer(self.engine, port=port_of(basis.reserved.tasks))
        self.scheduler = Scheduler(
            basis.manifest.functions.values(), directory=directory, fetcher=fetcher, tokens=tokens
        )
        self.sandbox = MetaSandbox(
            folder=basis.folder.sandbox,
            receiver=Receiver(
                url=directory.function_url(_INTAKE),
                app_secret=secrets.app_secret,
                instagram_app_secret=secrets.instagram_app_secret,
            ),
            fetcher=fetcher,
        )
        self.models = ModelSandbox(folder=basis.folder.sandbox)
        self.storage = ObjectStorage(
            basis.folder.storage, buckets=(MEDIA_BUCKET, ARCHIVE_BUCKET), listening=basis.reserved.storage
        )
        self._parts = Parts(
            engine=self.engine,
            scheduler=self.scheduler,
            sandbox=self.sandbox,
            meta=MetaApp(self.sandbox),
            models=ModelApp(self.models),
            storage=self.storage,
            tokens=tokens,
        )
        self._gateway = Gateway(
            functions=basis.manifest.functions,
            directory=directory,
            proxy=Proxy(directory=directory, fetcher=fetcher),
            parts=self._parts,
        )

    def adopt(self, demo: DemoTenant) -> None:
        """Let the sandbox know the demo's accounts, and use them where none is named."""
        secrets = self._basis.secrets
        self.sandbox.adopt(demo.phone_number_id, access_token=secrets.graph_token, account_id=demo.business_account_id)
        self.sandbox.adopt_account(
            PageAccount(
                channel="instagram",
                account_id=demo.instagram_id,
                access_token=secrets.instagram_token,
                login="instagram",
            )
        )
        self.sandbox.adopt_account(
            PageAccount(channel="messenger", account_id=demo.page_id, access_token=secrets.page_token)
        )

    async def start(self, *, old_gateways: Sequence[str]) -> None:
        """Go on with what waited, and answer. The database must answer by now."""
        basis = self._basis
        await self.engine.load(move=mover(old_gateways, basis.directory.gateway))
        await make_queues(self.engine, basis.manifest)
        await self.tasks_server.start()
        self.storage.start()
        self.models.start()
        await self._basis.listener.serve(self._gateway)

    def start_calling(self) -> None:
        """Begin with what calls the functions: tasks, owed webhooks and the clock. They should answer by now."""
        self.engine.start_dispatching()
        self.sandbox.start()
        self.scheduler.start()

    async def stop_calling(self) -> None:
        """Call no function any more; the servers still answer what functions that end ask for."""
        await self.scheduler.stop()
        await self.sandbox.stop()
        await self.engine.stop_dispatching()

    async def stop(self) -> None:
        """Answer no more."""
        await self._basis.listener.close()
        await self.tasks_server.stop()
        await self.engine.close()
        self.models.stop()
        self.storage.stop()
