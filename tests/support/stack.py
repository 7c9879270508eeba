"""A whole local stack for the tests of a module, as its own process, with a customer who writes to it."""

from __future__ import annotations

import contextlib
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx
import pg8000.dbapi
from sqlalchemy import make_url

from infra.cli.stack_process import StackProcess
from infra.cli.webhooks import Answer, post_signed, text_delivery

if TYPE_CHECKING:
    from collections.abc import Iterator

QUIET = "1"  # half of what a customer's pause may last in production; each reply comes this much sooner


@dataclass
class Stack:
    """A running stack: `ready` is its ready file. Ask the database as its superuser, who exists only here."""

    process: StackProcess
    client: httpx.Client
    customers: list[str] = field(default_factory=list)

    @property
    def ready(self) -> dict[str, Any]:
        """What the stack says about itself."""
        return self.process.ready

    @property
    def webhook(self) -> str:
        """The address that Meta would call."""
        return f"{self.ready['gateway']}/webhook_intake/whatsapp"

    def customer(self) -> Customer:
        """Somebody new."""
        return Customer(self, f"5511{secrets.randbelow(10**9):09d}")

    def post(self, raw: bytes) -> Answer:
        """Post a delivery as Meta does."""
        return post_signed(self.client, self.webhook, raw, secret=self.ready["demo"]["app_secret"].encode())

    def calls(self, *, to: str) -> list[dict[str, Any]]:
        """What the provider accepted for a customer, oldest first."""
        found = self.client.get(f"{self.ready['sandboxes']['meta']}/calls").raise_for_status().json()
        return [call for call in found if call["to"] == to]

    def ask(self, statement: str, *values: object) -> list[Any]:
        """The rows of a statement with %s parameters."""
        url = make_url(self.ready["database"]["application"])
        socket = str(url.query["unix_sock"])
        with contextlib.closing(
            pg8000.dbapi.connect(user="postgres", unix_sock=socket, database=url.database)
        ) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []


@dataclass
class Customer:
    """A person with a telephone."""

    stack: Stack
    number: str
    last_delivery: bytes = b""

    def write(self, text: str, *, message_id: str = "") -> Answer:
        """Write one message; the delivery can be repeated with `last_delivery`."""
        self.last_delivery = text_delivery(
            text,
            phone_number_id=self.stack.ready["demo"]["phone_number_id"],
            customer=self.number,
            name="Cliente",
            message_id=message_id or f"wamid.{secrets.token_hex(12)}",
            at=datetime.now(UTC),
        )
        return self.stack.post(self.last_delivery)

    def replies(self) -> list[str]:
        """What reached this person, oldest first."""
        return [str(call["body"]) for call in self.stack.calls(to=self.number)]

    def states(self) -> list[str]:
        """The delivery states of the messages to this person, oldest first."""
        rows = self.stack.ask(
            "SELECT m.delivery_status FROM platform.messages m"
            " JOIN platform.conversations c ON c.id = m.conversation_id"
            " WHERE c.customer_external_id = %s AND m.direction = 'outbound' ORDER BY m.created_at",
            self.number,
        )
        return [str(row[0]) for row in rows]


@contextmanager
def stack_folder() -> Iterator[Path]:
    """A folder for a stack, removed afterwards.

    Not pytest's own: that one is closed to the user as whom PostgreSQL runs when the tests are root's.
    """
    with TemporaryDirectory(prefix="departments-stack-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def fresh_stack() -> Iterator[Stack]:
    """A new stack, stopped at the end of the block."""
    with stack_folder() as folder, _running(folder) as stack:
        yield stack


@contextmanager
def _running(folder: Path) -> Iterator[Stack]:
    process = StackProcess(folder, environment={"QUIET_SECONDS": QUIET})
    process.start()
    try:
        with httpx.Client(trust_env=False, timeout=20) as client:
            yield Stack(process, client)
    finally:
        code = process.stop()
    assert code == 0, f"the stack ended with {code}: {process.log.read_text(encoding='utf-8')}"
