"""The sweep as it is deployed: a process of its own, called by the scheduler, its counts in the answer."""

from __future__ import annotations

from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import httpx

from tests.chaos.credentials import AUDIENCE, EMAIL, ISSUER, make_credentials
from tests.chaos.processes import Host
from tests.support.conversations import scene_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database


def _certificates(path: Path) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(path.read_bytes())

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def test_the_scheduler_gets_the_counts_and_nobody_else_gets_in(shared_database: Database, tmp_path: Path) -> None:
    """O-05, Q6: a queue that is away does not fail the sweep, which has settled what it found."""
    credentials = make_credentials(tmp_path)
    with ExitStack() as stack:
        scene = stack.enter_context(scene_in(shared_database))
        scene.says("oi?")
        scene.execute("UPDATE platform.conversations SET run_at = now() - interval '1 minute'")
        server = stack.enter_context(_certificates(credentials.certificates))
        stack.callback(server.shutdown)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        environment = {
            "DATABASE_URL": shared_database.url("worker"),
            "GOOGLE_CLOUD_PROJECT": "test",
            "GOOGLE_CLOUD_REGION": "test",
            "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9",
            "TASKS_SERVICE_ACCOUNT": EMAIL,
            "AGENT_EXECUTION_URL": AUDIENCE,
            "MEDIA_TRANSFER_URL": AUDIENCE,
            "KNOWLEDGE_INGESTION_URL": AUDIENCE,
            "MASTER_KEY_FILE": str(tmp_path / "master_key.json"),  # opened only when a token is due
            "MESSAGE_DELIVERY_URL": AUDIENCE,
            "OIDC_ISSUER": ISSUER,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_ALLOWED_EMAILS": EMAIL,
            "OIDC_CERTS_URL": f"http://127.0.0.1:{server.server_address[1]}/",
        }
        host = Host("functions/work_sweep/main.py", environment, log=tmp_path / "function.log")
        stack.callback(host.close)
        url = host.fork().url

        assert httpx.post(url, trust_env=False).status_code == 401
        headers = {"Authorization": f"Bearer {credentials.token}"}
        answer = httpx.post(url, headers=headers, timeout=30.0, trust_env=False)
        assert answer.status_code == 200
        assert (answer.json()["found"], answer.json()["woken"]) == (1, 0)
        assert answer.json()["reasons"] == {"due": 1}
        assert answer.json()["connections"]["silent_channels"] == 0
