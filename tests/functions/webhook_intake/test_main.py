"""The function over HTTP: who is answered, what is stored, and what is waited for."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from shared.channels.whatsapp.signature import AppSecret, sign
from shared.conversations.wake_ups import task_name
from shared.platform.database import connect
from shared.platform.keys import Keys
from shared.platform.settings import DatabaseSettings, KeySettings
from tests.functions.webhook_intake.bodies import change, encoded, envelope, new_wamid, status, text_message
from tests.functions.webhook_intake.conftest import AGENT_EXECUTION_URL
from tests.functions.webhook_intake.process import PREVIOUS_SECRET, SECRET, VERIFY_TOKEN
from tests.support.tenants import make_organization
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.functions.webhook_intake.conftest import Intake

GOOD = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
STORED = ("integrations.webhook_deliveries", "integrations.webhook_events", "integrations.webhook_keys")


def test_the_handshake_echoes_the_challenge_as_plain_text(intake: Intake) -> None:
    """C-01: without a signature."""
    reply = intake.function.request("GET", f"/whatsapp?{urlencode(GOOD)}")
    assert (reply.status, reply.body) == (200, b"1158201444")
    assert reply.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        "",
        urlencode({**GOOD, "hub.verify_token": "wrong"}),
        urlencode({**GOOD, "hub.mode": "unsubscribe"}),
        urlencode({**GOOD, "hub.challenge": "<script>"}),
        urlencode(GOOD) + "&hub.challenge=2",
        urlencode(GOOD) + "&" + urlencode(GOOD),
    ],
)
def test_a_handshake_that_is_not_right_is_refused(intake: Intake, query: str) -> None:
    """C-01, I16."""
    reply = intake.function.request("GET", f"/whatsapp?{query}")
    assert reply.status == 403
    assert b"script" not in reply.body


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("POST", "/stripe"), ("GET", "/whatsapp/"), ("POST", "/x")]
)
def test_other_paths_are_not_found(intake: Intake, method: str, path: str) -> None:
    assert intake.function.request(method, path, b"{}" if method == "POST" else b"").status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_not_allowed(intake: Intake, method: str) -> None:
    reply = intake.function.request(method, "/whatsapp")
    assert reply.status == 405
    assert reply.headers["allow"] == "GET, POST"


def test_a_signed_delivery_is_stored_before_it_is_acknowledged(intake: Intake) -> None:
    """C-06."""
    wamid = new_wamid()
    reply = intake.function.deliver(intake.body(wamid=wamid, text="Olá, têm pão de açúcar? 🥖"))
    assert (reply.status, reply.body) == (200, b"")
    stored = intake.rows("SELECT text_content FROM platform.messages WHERE external_message_id = %s", wamid)
    assert stored == ["Olá, têm pão de açúcar? 🥖"]


@pytest.mark.parametrize("secret", [SECRET, PREVIOUS_SECRET])
def test_each_active_secret_is_accepted_and_named(intake: Intake, secret: bytes) -> None:
    """C-02, I8."""
    raw = encoded(intake.body())
    assert intake.function.post(raw, secret=secret).status == 200
    (named,) = intake.rows("SELECT verified_by FROM integrations.webhook_deliveries ORDER BY received_at DESC LIMIT 1")
    assert named == AppSecret(secret).name


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + "0" * 40,
        "sha256=" + "é" * 32,
        "sha256=" + "0" * 5000,
        "nonsense",
        "RIGHT",  # upper case
    ],
)
def test_what_nobody_signed_is_refused_and_leaves_no_row(intake: Intake, signature: str | None) -> None:
    """C-02, I6."""
    raw = encoded(intake.body())
    if signature == "RIGHT":
        signature = "sha256=" + hmac.new(SECRET, raw, hashlib.sha256).hexdigest().upper()
    before = [intake.count(table) for table in STORED]
    headers = {} if signature is None else {"x-hub-signature-256": signature}
    reply = intake.function.request("POST", "/whatsapp", raw, headers)
    assert reply.status == 401
    assert json.loads(reply.body)["code"] == "signature_invalid"
    assert [intake.count(table) for table in STORED] == before
    refusals = [line for line in intake.function.log.read_text().splitlines() if "signature_invalid" in line]
    assert refusals, "each refusal is a line that a log metric counts"


def test_the_signature_covers_the_bytes_and_not_their_meaning(intake: Intake) -> None:
    """C-02: the same JSON with a space more is another body."""
    raw = encoded(intake.body(text="ação \u00e1"))
    spaced = raw.replace(b":", b": ", 1)
    assert intake.function.post(spaced, headers={"x-hub-signature-256": sign(raw, SECRET).decode()}).status == 401
    assert intake.function.post(spaced).status == 200


def test_the_raw_body_is_kept_sealed_and_opens_to_the_same_bytes(intake: Intake) -> None:
    raw = encoded(intake.body(text="só para nós"))
    assert intake.function.post(raw, headers={"user-agent": "facebookexternalua"}).status == 200
    columns = "id, sealed_body, body_key_id, body_size, headers"
    (row,) = intake.rows(f"SELECT {columns} FROM integrations.webhook_deliveries ORDER BY received_at DESC LIMIT 1")
    delivery_id, sealed, key_id, size, headers = row
    assert size == len(raw)
    assert headers == {"content-type": "application/json", "user-agent": "facebookexternalua"}
    assert raw[:20] not in sealed
    environment = intake.function.environment
    pool = connect(DatabaseSettings.model_validate({"database_url": environment["DATABASE_URL"]}))
    keys = Keys(KeySettings.model_validate({"master_key_file": environment["MASTER_KEY_FILE"]}), pool)
    assert keys.open_delivery(sealed, str(delivery_id), key_id) == raw
    pool.close()


def test_one_delivery_for_three_tenants_with_a_bad_item_is_stored_in_full(intake: Intake) -> None:
    """C-04, C-05, I3, I9: and one change for an account that nobody has."""
    tenants = [intake.tenant, *(make_organization(intake.database) for _ in range(2))]
    changes = [change(tenant.phone_number_id, messages=[text_message(), text_message()]) for tenant in tenants]
    changes[1]["value"]["messages"][1] = {"type": "text", "id": [1]}
    stranger = change(
        "999999999999999", messages=[text_message(wamid="wamid.stranger")], statuses=[status("w", "sent")]
    )
    reply = intake.function.deliver(envelope(*changes, stranger))
    assert reply.status == 200
    for tenant, kept in zip(tenants[1:], (1, 2), strict=True):
        found = intake.rows("SELECT count(*) FROM platform.messages WHERE organization_id = %s", tenant.organization_id)
        assert found == [kept]
    nobody = intake.rows(
        "SELECT status, organization_id FROM integrations.webhook_events WHERE account_identifier = '999999999999999'"
    )
    assert nobody == [("quarantined", None)] * 2
    assert intake.stored("wamid.stranger") == 0


@pytest.mark.parametrize(
    "raw",
    [b"", b"not json", b"[]", b"null", b'{"object":"page"}', b'{"object":"whatsapp_business_account","entry":{}}'],
)
def test_an_authentic_body_that_cannot_be_used_is_quarantined_and_acknowledged(intake: Intake, raw: bytes) -> None:
    """C-03 as docs/decisions/0011-unusable-is-quarantined.md has it: a retry could not help."""
    before = intake.count("integrations.webhook_deliveries")
    assert intake.function.post(raw).status == 200
    kept = intake.rows(
        "SELECT status, body_size, quarantine_reason IS NOT NULL FROM integrations.webhook_deliveries"
        " ORDER BY received_at DESC LIMIT 1"
    )
    assert kept == [("quarantined", len(raw), True)]
    assert intake.count("integrations.webhook_deliveries") == before + 1


def test_fifty_equal_deliveries_at_once_are_one_message_and_one_wake_up(intake: Intake) -> None:
    """C-07, I1."""
    wamid = new_wamid()
    raw = encoded(intake.body(wamid=wamid, customer="5511900000050"))
    with ThreadPoolExecutor(50) as senders:
        statuses = list(senders.map(lambda _: intake.function.post(raw).status, range(50)))
    assert statuses == [200] * 50
    assert intake.stored(wamid) == 1
    (conversation_id, run_at, last_in_seq) = intake.rows(
        "SELECT id, run_at, last_in_seq FROM platform.conversations WHERE customer_external_id = '5511900000050'"
    )[0]
    assert last_in_seq == 1
    intake.canary()  # its wake-up comes after any that the fifty could have caused

    def tasks() -> list[str]:
        return [task.name for task in intake.queue.tasks if str(conversation_id) in task.http_request.body.decode()]

    eventually(lambda: len(tasks()) == 1, within=20)
    expected = task_name(conversation_id, reason=run_at.isoformat())
    assert tasks() == [f"projects/project/locations/region/queues/agent-turns/tasks/{expected}"]


def test_the_wake_up_carries_only_ids_to_the_time_of_the_turn(intake: Intake) -> None:
    """A-01, T-08."""
    intake.function.deliver(intake.body(customer="5511900000051", text="segredo"))
    (conversation_id, run_at) = intake.rows(
        "SELECT id, run_at FROM platform.conversations WHERE customer_external_id = '5511900000051'"
    )[0]

    def found() -> list[bytes]:
        return [t.http_request.body for t in intake.queue.tasks if str(conversation_id).encode() in t.http_request.body]

    eventually(lambda: len(found()) == 1, within=20)
    (task,) = [t for t in intake.queue.tasks if str(conversation_id).encode() in t.http_request.body]
    ids = {"organization_id": str(intake.tenant.organization_id), "conversation_id": str(conversation_id)}
    assert json.loads(task.http_request.body) == ids
    assert task.http_request.url == AGENT_EXECUTION_URL
    assert task.schedule_time == run_at


def test_no_secret_and_no_message_text_is_in_the_log(intake: Intake) -> None:
    """T-08."""
    private_text = "um texto que ninguém pode ler no registro"
    intake.function.deliver(intake.body(text=private_text))
    intake.function.post(encoded({"object": "page", "text": private_text}))
    intake.function.request("GET", f"/whatsapp?{urlencode(GOOD)}")
    log = intake.function.log.read_text()
    for hidden in (private_text, SECRET.decode(), PREVIOUS_SECRET.decode(), VERIFY_TOKEN, "the+verify+token"):
        assert hidden not in log
