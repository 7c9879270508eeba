"""The whole system on this machine as one object: started, asked where things are, stopped.

    async with LocalStack(StackOptions(data_dir=Path(".departments"))) as stack:
        print(stack.ready["gateway"])

Everything that lasts is in the data folder; a stack started on it again goes on with all data and waiting tasks.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from infra.local.basis import Basis, Reserved
from infra.local.credentials import load_secrets
from infra.local.databases import Databases
from infra.local.demo_tenant import DemoTenant, ensure_demo
from infra.local.directory import Directory
from infra.local.environment import Surroundings, function_environment
from infra.local.fetch import Fetcher
from infra.local.folder import DataFolder, write_whole
from infra.local.function_host import FunctionHost, Site
from infra.local.listener import Listener
from infra.local.ports import ADDRESS, port_of
from infra.local.postgres import PostgresServer
from infra.local.processes import Watchdog
from infra.manifest import Manifest, load_manifest

if TYPE_CHECKING:
    from infra.local.services import Services

DEFAULT_PORT = 8080
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """How to run a stack.

    port: 0 takes a free one. manifest: another one than infra/functions.yaml, for tests. demo_model: which
    model the demo's agent asks, such as "compatible:sandbox"; None leaves it as it is. environment: function →
    further variables, which win. processes: function → number of workers, one unless said. say: told each step as it
    begins.
    """

    data_dir: Path
    port: int = DEFAULT_PORT
    ready_file: Path | None = None
    postgres_version: int = 18
    manifest: Manifest = field(default_factory=load_manifest)
    demo_model: str | None = None
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    processes: Mapping[str, int] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _: None


class LocalStack:
    """One stack. `start` and `stop` on one event loop; `ready` is what the ready file says.

    basis: the parts that everything stands on; services: queue, sandbox, scheduler and the rest; hosts: the functions'
    processes. They are there from `start` on.
    """

    basis: Basis
    services: "Services"

    def __init__(self, options: StackOptions) -> None:
        """Take the options; nothing is touched yet."""
        self.options = options
        self.ready: dict[str, Any] = {}
        self.timeline: dict[str, float] = {}  # step → seconds from the beginning of the start to its own beginning
        self.hosts: dict[str, FunctionHost] = {}
        self._ending = contextlib.AsyncExitStack()
        self._began = 0.0

    async def start(self) -> None:
        """Start everything; returns when everything answers, and the ready file is written.

        Raises:
            StackUnusable: a port or the folder is taken, or a part does not start; nothing is left running.
        """
        self._began = time.monotonic()
        try:
            await self._launch()
            await self._bring_up()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything; what was waiting goes on at the next start. Harmless when nothing runs."""
        if self.options.ready_file is not None and self.ready:
            self.options.ready_file.unlink(missing_ok=True)
        self.ready = {}
        await self._ending.aclose()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    @property
    def tasks_endpoint(self) -> str:
        """host:port of the Cloud Tasks server, for a client over a plain channel."""
        return f"{ADDRESS}:{port_of(self.basis.reserved.tasks)}"

    async def _launch(self) -> None:
        """Take folder and port, and start every process; they need seconds, in which the servers here are imported."""
        self._step("folder and port")
        options, ending = self.options, self._ending
        folder = DataFolder(options.data_dir)
        folder.open()
        ending.callback(folder.close)
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)  # that of a stack which was killed
        listener = Listener(options.port)
        ending.push_async_callback(listener.close)
        reserved = Reserved()
        ending.callback(reserved.close)
        watchdog = Watchdog()
        ending.callback(watchdog.close)
        server = PostgresServer(
            data=folder.postgres, log=folder.logs / "postgres.log", version=options.postgres_version, watchdog=watchdog
        )
        ending.push_async_callback(server.stop)
        directory = Directory(gateway=listener.url)
        fetcher = Fetcher(directory)
        ending.push_async_callback(fetcher.close)
        self.basis = Basis(
            manifest=options.manifest,
            folder=folder,
            directory=directory,
            secrets=load_secrets(folder),
            server=server,
            databases=Databases(server),
            listener=listener,
            reserved=reserved,
            fetcher=fetcher,
            watchdog=watchdog,
        )
        ending.push_async_callback(self._stop_services)
        ending.push_async_callback(self._stop_hosts)
        self._step("functions")
        self._start_hosts()
        self._step("PostgreSQL")
        await server.start()

    async def _bring_up(self) -> None:
        """Prepare the database, start the servers, wait for the functions, say that all is ready."""
        self._step("queue, storage, scheduler, sandboxes and gateway")
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # children are executed; gRPC would complain of each
        from infra.local.services import Services  # noqa: PLC0415 - takes most of a second: while the others start

        basis = self.basis
        self.services = Services(basis)
        self._step("databases")
        if not basis.folder.master_key_file.exists():
            from shared.platform.keysets import create_master_key_file  # noqa: PLC0415 - a first start only

            create_master_key_file(basis.folder.master_key_file)
        await basis.server.answering()
        await basis.databases.prepare(tenant_context_key=basis.secrets.tenant_context_bytes)
        demo = await asyncio.to_thread(ensure_demo, basis, model=self.options.demo_model)
        self.services.adopt(demo)
        await self.services.start(old_gateways=self._remember_gateway())
        self._step("waiting for the functions")
        await asyncio.gather(*(host.answering(basis.fetcher.session) for host in self.hosts.values()))
        self.services.start_calling()
        self._ending.push_async_callback(self.services.stop_calling)
        self._announce(demo)
        self._step("ready")

    def _remember_gateway(self) -> list[str]:
        """The addresses of earlier starts; this one is kept before any task can carry it."""
        folder, here = self.basis.folder, self.basis.directory.gateway
        state = folder.read_state()
        earlier = [address for address in state.get("gateways", []) if address != here]
        folder.write_state({**state, "gateways": [*earlier, here]})
        return earlier

    def _start_hosts(self) -> None:
        basis = self.basis
        around = Surroundings(
            directory=basis.directory,
            server=basis.server,
            secrets=basis.secrets,
            master_key_file=basis.folder.master_key_file,
            tasks_endpoint=self.tasks_endpoint,
            storage_url=f"http://{ADDRESS}:{port_of(basis.reserved.storage)}",
        )
        site = Site(folder=basis.folder, directory=basis.directory, watchdog=basis.watchdog)
        for name, function in basis.manifest.functions.items():
            environment = function_environment(
                function, manifest=basis.manifest, around=around, extra=self.options.environment.get(name, {})
            )
            host = FunctionHost(
                function, environment=environment, processes=self.options.processes.get(name, 1), site=site
            )
            self.hosts[name] = host
            host.start()

    async def _stop_hosts(self) -> None:
        await asyncio.gather(*(host.stop() for host in self.hosts.values()))

    async def _stop_services(self) -> None:
        if hasattr(self, "services"):
            await self.services.stop()

    def _announce(self, demo: DemoTenant) -> None:
        basis = self.basis
        self.ready = {
            "gateway": basis.directory.gateway,
            "data_dir": str(basis.folder.path),
            "functions": dict(basis.directory.functions),
            "database": {
                "owner": basis.server.url("owner_login"),
                "application": basis.server.url("application"),
            },
            "sandboxes": {name: f"{basis.directory.gateway}/sandbox/{name}" for name in ("meta", "models")},
            "demo": {
                "organization_id": demo.organization_id,
                "phone_number_id": demo.phone_number_id,
                "instagram_id": demo.instagram_id,
                "page_id": demo.page_id,
                "app_secret": basis.secrets.app_secret,
                "instagram_app_secret": basis.secrets.instagram_app_secret,
                "verify_token": basis.secrets.verify_token,
            },
        }
        if (file := self.options.ready_file) is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file.absolute(), json.dumps(self.ready, indent=2).encode() + b"\n", mode=_PRIVATE)

    def _step(self, name: str) -> None:
        self.timeline[name] = time.monotonic() - self._began
        self.options.say(name)
