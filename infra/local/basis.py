"""What the parts of a stack stand on: folder, addresses, secrets, database, ports."""

import socket
from dataclasses import dataclass, field

from infra.local.credentials import StackSecrets
from infra.local.databases import Databases
from infra.local.directory import Directory
from infra.local.fetch import Fetcher
from infra.local.folder import DataFolder
from infra.local.listener import Listener
from infra.local.ports import reserved
from infra.local.postgres import PostgresServer
from infra.local.processes import Watchdog
from infra.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Ports whose numbers the functions are told before their servers are ready."""

    tasks: socket.socket = field(default_factory=reserved)
    storage: socket.socket = field(default_factory=reserved)

    def close(self) -> None:
        """Give them back."""
        self.tasks.close()
        self.storage.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Made first, ended last."""

    manifest: Manifest
    folder: DataFolder
    directory: Directory
    secrets: StackSecrets
    server: PostgresServer
    databases: Databases
    listener: Listener
    reserved: Reserved
    fetcher: Fetcher
    watchdog: Watchdog
