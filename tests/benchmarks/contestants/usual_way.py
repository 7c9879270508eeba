"""The usual way to take a webhook in: a threaded function, a SQLAlchemy transaction per request, a statement per row.

It writes the same rows as webhook_intake into the same tables, with the same keys deciding what is new, as decent code
would: a pool as large as its threads, cached statements, no ORM. It checks the signature, stores the raw body without
sealing it, connects as the superuser, whom row security costs nothing, and enqueues a wake-up after the commit.
"""

import hashlib
import hmac
import json
import os
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import functions_framework
import grpc
import sqlalchemy as sa
from flask import Request
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

SECRET = os.environ["META_APP_SECRETS"].encode()
ENGINE = sa.create_engine(os.environ["DATABASE_URL"], pool_size=16, max_overflow=0)
TASKS = tasks_v2.CloudTasksClient(
    transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(os.environ["CLOUD_TASKS_ENDPOINT"]))
)
QUEUE = "projects/local/locations/local/queues/agent-turns"

ROUTE = sa.text("""
    SELECT organization_id, id FROM integrations.connections
    WHERE provider = 'whatsapp' AND account_identifier = :account AND status <> 'revoked'
""")
STORE_DELIVERY = sa.text("""
    INSERT INTO integrations.webhook_deliveries (
        id, received_at, provider, status, sealed_body, body_key_id, body_size, verified_by, item_count)
    VALUES (:id, :moment, 'whatsapp', 'stored', :body, 'none', :size, 'secret-1', :items)
""")
CLAIM_KEY = sa.text("""
    INSERT INTO integrations.webhook_keys (provider, account, event_key) VALUES ('whatsapp', :account, :key)
    ON CONFLICT DO NOTHING
    RETURNING event_key
""")
STORE_EVENT = sa.text("""
    INSERT INTO integrations.webhook_events (
        id, created_at, organization_id, connection_id, delivery_id, delivery_received_at, provider, account_identifier,
        ordinal, event_type, event_id, status, processed_at)
    VALUES (:id, :moment, :organization_id, :connection_id, :delivery_id, :moment, 'whatsapp', :account, :ordinal,
            'message.text', :external_id, 'processed', :moment)
""")
FIND_CONTACT = sa.text("""
    SELECT contact_id FROM platform.contact_identities
    WHERE organization_id = :organization_id AND kind = 'phone' AND scope = '' AND match = :customer
""")
STORE_CONTACT = sa.text("""
    INSERT INTO platform.contacts (id, organization_id, display_name) VALUES (:contact_id, :organization_id, :name)
""")
STORE_IDENTITY = sa.text("""
    INSERT INTO platform.contact_identities (organization_id, contact_id, kind, value, match)
    VALUES (:organization_id, :contact_id, 'phone', :customer, :customer)
    ON CONFLICT (organization_id, kind, scope, match) DO UPDATE SET last_seen = now()
    RETURNING contact_id
""")
TOUCH_CONVERSATION = sa.text("""
    INSERT INTO platform.conversations AS c (
        id, organization_id, connection_id, contact_id, channel, customer_external_id, customer_phone, customer_name,
        last_in_seq, first_pending_at, run_at, last_inbound_at)
    VALUES (:id, :organization_id, :connection_id, :contact_id, 'whatsapp', :customer, :customer, :name, 1, :moment,
            :quiet_until, :sent_at)
    ON CONFLICT (organization_id, connection_id, contact_id)
        WHERE status IN ('active', 'escalated') AND continued_in IS NULL
    DO UPDATE SET last_in_seq = c.last_in_seq + 1,
                  last_inbound_at = greatest(c.last_inbound_at, excluded.last_inbound_at),
                  first_pending_at = coalesce(c.first_pending_at, excluded.first_pending_at),
                  run_at = least(coalesce(c.first_pending_at, excluded.first_pending_at) + interval '8 seconds',
                                 excluded.run_at)
    RETURNING id, last_in_seq, run_at, first_pending_at = CAST(:moment AS timestamptz) AS is_new_burst
""")
STORE_MESSAGE = sa.text("""
    INSERT INTO platform.messages (
        id, organization_id, conversation_id, connection_id, direction, seq, message_type, text_content, sender_type,
        external_message_id, platform_timestamp, delivery_status, received_at)
    VALUES (:id, :organization_id, :conversation_id, :connection_id, 'inbound', :seq, 'text', :body, 'customer',
            :external_id, :sent_at, 'received', :moment)
""")


@functions_framework.http
def handle(request: Request) -> tuple[str, int]:
    """Verify, store in one transaction, answer, wake."""
    raw = request.get_data()
    expected = "sha256=" + hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
        return "bad signature", 401
    values = [change["value"] for entry in json.loads(raw)["entry"] for change in entry["changes"]]
    messages = [(value, message) for value in values for message in value.get("messages", ())]
    wake_ups: list[tuple[uuid.UUID, uuid.UUID, datetime]] = []
    with ENGINE.begin() as connection:
        moment = datetime.now(UTC)
        delivery = {"id": uuid.uuid4(), "moment": moment, "body": raw, "size": len(raw), "items": len(messages)}
        connection.execute(STORE_DELIVERY, delivery)
        for ordinal, (value, message) in enumerate(messages):
            row = {"moment": moment, "delivery_id": delivery["id"], "ordinal": ordinal}
            wake_ups += _store(connection, row, value=value, message=message)
    for wake_up in wake_ups:
        _enqueue(*wake_up)
    return "", 200


def _enqueue(organization_id: uuid.UUID, conversation_id: uuid.UUID, run_at: datetime) -> None:
    """Enqueue one wake-up."""
    body = json.dumps({"organization_id": str(organization_id), "conversation_id": str(conversation_id)}).encode()
    request = tasks_v2.HttpRequest(url=os.environ["AGENT_EXECUTION_URL"], body=body)
    TASKS.create_task(parent=QUEUE, task=tasks_v2.Task(http_request=request, schedule_time=run_at))


def _meet(connection: sa.Connection, row: dict[str, Any]) -> uuid.UUID:
    """Make the contact of a customer who has not written before; somebody else's when it was faster."""
    new = row | {"contact_id": uuid.uuid4()}
    connection.execute(STORE_CONTACT, new)
    contact_id: uuid.UUID = connection.execute(STORE_IDENTITY, new).scalar_one()
    return contact_id


def _store(
    connection: sa.Connection, delivery: dict[str, Any], *, value: dict[str, Any], message: dict[str, Any]
) -> list[tuple[uuid.UUID, uuid.UUID, datetime]]:
    """Store one message unless it is known; return a wake-up when its conversation had nothing pending."""
    account = value["metadata"]["phone_number_id"]
    if not connection.execute(CLAIM_KEY, {"account": account, "key": f"message:{message['id']}"}).first():
        return []
    organization_id, connection_id = connection.execute(ROUTE, {"account": account}).one()
    row = delivery | {
        "organization_id": organization_id,
        "connection_id": connection_id,
        "account": account,
        "external_id": message["id"],
        "customer": message["from"],
        "name": value["contacts"][0]["profile"]["name"],
        "body": message["text"]["body"],
        "quiet_until": delivery["moment"] + timedelta(seconds=2),
        "sent_at": datetime.fromtimestamp(int(message["timestamp"]), UTC),
    }
    connection.execute(STORE_EVENT, row | {"id": uuid.uuid4()})
    row["contact_id"] = connection.execute(FIND_CONTACT, row).scalar() or _meet(connection, row)
    conversation = connection.execute(TOUCH_CONVERSATION, row | {"id": uuid.uuid4()}).one()
    seen = {"id": uuid.uuid4(), "conversation_id": conversation.id, "seq": conversation.last_in_seq}
    connection.execute(STORE_MESSAGE, row | seen)
    return [(organization_id, conversation.id, conversation.run_at)] if conversation.is_new_burst else []
