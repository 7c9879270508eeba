"""The function as it is deployed: a process of its own, its callers checked, its messages at the provider."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import TYPE_CHECKING

import httpx

from shared.channels.payloads import text_payload
from tests.channels.waiting import queued
from tests.chaos.credentials import AUDIENCE, EMAIL, ISSUER, make_credentials
from tests.chaos.processes import Host, Provider
from tests.chaos.stack import connect_account
from tests.support.conversations import scene_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database


def test_what_a_person_wrote_reaches_the_customer_once_and_nobody_else_gets_in(
    shared_database: Database, tmp_path: Path
) -> None:
    """H-02, Q6: one task sends what waits, a second finds nothing, a forged one is refused."""
    credentials = make_credentials(tmp_path)
    log = tmp_path / "provider.jsonl"
    log.touch()
    with contextlib.ExitStack() as stack:
        scene = stack.enter_context(scene_in(shared_database))
        connect_account(scene, credentials)
        scene.says("oi?")
        queued(scene, text_payload("Aqui é a Ana."))
        provider = Provider(
            seed=1, log=log, certificates=credentials.certificates, status_url="http://127.0.0.1:9/", faults={}
        )
        stack.callback(provider.close)
        environment = {
            "DATABASE_URL": shared_database.url("application"),
            "TENANT_CONTEXT_KEY": base64.b64encode(shared_database.tenant_context_key).decode(),
            "MASTER_KEY_FILE": str(credentials.master_key),
            "GRAPH_BASE_URL": provider.url,
            "GOOGLE_CLOUD_PROJECT": "test",
            "GOOGLE_CLOUD_REGION": "test",
            "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9",
            "TASKS_SERVICE_ACCOUNT": EMAIL,
            "MESSAGE_DELIVERY_URL": AUDIENCE,
            "OIDC_ISSUER": ISSUER,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_ALLOWED_EMAILS": EMAIL,
            "OIDC_CERTS_URL": f"{provider.url}/certificates",
        }
        host = Host("functions/message_delivery/main.py", environment, log=tmp_path / "function.log")
        stack.callback(host.close)
        url = host.fork().url
        task = {"organization_id": str(scene.organization_id), "conversation_id": str(scene.conversation_id)}

        def post(token: str) -> httpx.Response:
            headers = {"Authorization": f"Bearer {token}"}
            return httpx.post(url, json=task, headers=headers, timeout=20.0, trust_env=False)

        assert post("x.y.z").status_code == 401
        first, second = post(credentials.token), post(credentials.token)
    assert (first.status_code, first.json()["accepted"]) == (200, 1)
    assert second.json()["result"] == "idle"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["text"] for line in lines] == ["Aqui é a Ana."]
