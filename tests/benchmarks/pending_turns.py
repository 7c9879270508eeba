"""Conversations with one unanswered message each, and a responder and a sender that answer at once."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from time import perf_counter
from uuid import UUID

from pydantic import SecretBytes, SecretStr

from shared.agents.gates.models import Source
from shared.agents.responder import Answer, CallUsage, Responder, Turn
from shared.agents.turns import run_turn
from shared.channels.outbox import Delivery, SendResult
from shared.conversations.models import TurnTimes
from shared.platform.database import Database, connect
from shared.platform.settings import DatabaseSettings
from tests.support.database import Database as MeasuredDatabase
from tests.support.tenants import Tenant

TIMES = TurnTimes()
_WAITING = """
    WITH conversation AS (
        INSERT INTO platform.conversations (
            id, organization_id, connection_id, channel, customer_external_id, last_in_seq, first_pending_at, run_at,
            last_inbound_at)
        SELECT gen_random_uuid(), %s, %s, 'whatsapp', 'customer-' || gen_random_uuid(), 1, now(), now(), now()
        FROM generate_series(1, %s)
        RETURNING id, organization_id, connection_id
    ), message AS (
        INSERT INTO platform.messages (
            organization_id, conversation_id, connection_id, direction, seq, text_content, sender_type,
            external_message_id, delivery_status, received_at)
        SELECT organization_id, id, connection_id, 'inbound', 1, %s, 'customer', 'wamid.' || gen_random_uuid(),
               'received', now()
        FROM conversation
    )
    SELECT id FROM conversation
"""


class InstantModel:
    """A responder whose model answers at once; the call is written down before it and settled after, as any."""

    def answer(self, turn: Turn) -> Answer:
        """The same text for everybody."""
        call = turn.calls.start(model="openai:gpt-5-mini", most=CallUsage(input_tokens=2000, output_tokens=200))
        turn.calls.finish(call, usage=CallUsage(input_tokens=200, output_tokens=20))
        text = "Abrimos de segunda a sábado, das 7h às 19h."
        return Answer(text=text, model="openai:gpt-5-mini", sources=(Source(chunk_id="hours", text=text),))


class InstantProvider:
    """A sender whose provider accepts at once."""

    def __init__(self) -> None:
        """Begin to count its message ids."""
        self._numbers = count()

    def send(self, delivery: Delivery, *, marked_at: float) -> SendResult:
        """Accept."""
        del marked_at
        return SendResult(
            outcome="accepted", message_id=f"wamid.{delivery.outbox_id}.{next(self._numbers)}", http_status=200
        )


def add_waiting_conversations(database: MeasuredDatabase, tenant: Tenant, *, number: int, text: str) -> list[UUID]:
    """Make conversations whose only message is unanswered and due now; returns their ids."""
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "UPDATE integrations.connections SET access_token = 'sealed' WHERE id = %s", (tenant.connection_id,)
        )
        cursor.execute(_WAITING, (tenant.organization_id, tenant.connection_id, number, text))
        waiting = [row[0] for row in cursor.fetchall()]
        # as autovacuum does within a minute: until then a database plans for empty tables
        cursor.execute("ANALYZE")
        return waiting


def application_database(database: MeasuredDatabase, *, connections: int) -> Database:
    """The product's own access as agent_execution has it; the caller closes it."""
    settings = DatabaseSettings(
        database_url=SecretStr(database.url("application")),
        database_pool_size=connections,
        tenant_context_key=SecretBytes(database.tenant_context_key),
    )
    return connect(settings)


def take_turns(
    database: Database, tenant: Tenant, conversations: list[UUID], *, responder: Responder, threads: int
) -> tuple[float, list[float]]:
    """Answer every conversation; returns the seconds of all and the milliseconds of each.

    Raises:
        RuntimeError: a turn did something else than answer and send.
    """
    sender = InstantProvider()

    def take(conversation_id: UUID) -> float:
        began = perf_counter()
        report = run_turn(
            database,
            organization_id=tenant.organization_id,
            conversation_id=conversation_id,
            responder=responder,
            sender=sender,
            times=TIMES,
        )
        if (report.result, report.accepted) != ("answered", 1):
            raise RuntimeError(f"a turn ended otherwise: {report}")
        return 1000 * (perf_counter() - began)

    began = perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        milliseconds = list(pool.map(take, conversations))
    return perf_counter() - began, milliseconds
