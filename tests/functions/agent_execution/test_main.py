"""The function as it is deployed: a process of its own, its callers checked, its troubles told by status."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from shared.knowledge.importing import import_folder
from tests.chaos.credentials import AUDIENCE, EMAIL, ISSUER, make_credentials
from tests.chaos.processes import Host, Provider
from tests.chaos.stack import connect_account
from tests.support.conversations import Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


class Function:
    """One worker of the function, with a provider that accepts everything."""

    def __init__(self, scene: Scene, url: str, token: str, log: Path) -> None:
        self.scene = scene
        self.token = token
        self._url = url
        self._log = log

    def post(self, body: object, *, token: str | None = None) -> httpx.Response:
        """One task."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return httpx.post(self._url, content=content, headers=headers, timeout=20.0, trust_env=False)

    def task(self) -> httpx.Response:
        """The task of the scene's conversation."""
        ids = {"organization_id": self.scene.organization_id, "conversation_id": self.scene.conversation_id}
        return self.post({name: str(value) for name, value in ids.items()})

    @property
    def accepted(self) -> list[str]:
        """The texts that the provider accepted."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [line["text"] for line in lines if line["kind"] == "message"]


@contextlib.contextmanager
def serving(database: Database, folder: Path, **changes: str) -> Iterator[Function]:
    """The function with these changes to its environment."""
    credentials = make_credentials(folder)
    log = folder / "provider.jsonl"
    log.touch()
    with contextlib.ExitStack() as stack:
        scene = stack.enter_context(scene_in(database))
        connect_account(scene, credentials)
        provider = Provider(
            seed=1, log=log, certificates=credentials.certificates, status_url="http://127.0.0.1:9/", faults={}
        )
        stack.callback(provider.close)
        environment = {
            "DATABASE_URL": database.url("application"),
            "TENANT_CONTEXT_KEY": base64.b64encode(database.tenant_context_key).decode(),
            "MASTER_KEY_FILE": str(credentials.master_key),
            "GRAPH_BASE_URL": provider.url,
            "GOOGLE_CLOUD_PROJECT": "test",
            "GOOGLE_CLOUD_REGION": "test",
            "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9",
            "TASKS_SERVICE_ACCOUNT": EMAIL,
            "AGENT_EXECUTION_URL": AUDIENCE,
            "OIDC_ISSUER": ISSUER,
            "OIDC_AUDIENCE": AUDIENCE,
            "OIDC_ALLOWED_EMAILS": EMAIL,
            "OIDC_CERTS_URL": f"{provider.url}/certificates",
            **changes,
        }
        host = Host("functions/agent_execution/main.py", environment, log=folder / "function.log")
        stack.callback(host.close)
        yield Function(scene, host.fork().url, credentials.token, log)


@pytest.fixture
def function(shared_database: Database, tmp_path: Path) -> Iterator[Function]:
    with serving(shared_database, tmp_path) as found:
        yield found


def test_a_question_becomes_an_answer_from_the_knowledge_at_the_customers_telephone(
    function: Function, tmp_path: Path
) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "entrega.md").write_text("# Entrega\n\nA taxa de entrega é de R$ 8,00.\n")
    import_folder(function.scene.application, function.scene.organization_id, tmp_path / "articles")
    function.scene.says("oi", "qual a taxa de entrega?")
    answer = function.task()
    assert (answer.status_code, answer.json()["result"]) == (200, "answered")
    assert function.accepted == ["A taxa de entrega é de R$ 8,00."]
    assert function.task().json() == {"result": "idle", "reason": "nothing_pending", "accepted": 0}
    assert len(function.accepted) == 1


def test_a_forged_task_is_refused_before_anything_is_looked_at(function: Function) -> None:
    """Q6: no token, another's token, a broken one."""
    function.scene.says("oi?")
    for token in ("none", "x.y.z", function.token[:-4] + "AAAA"):
        assert function.post({}, token=token).status_code == 401
    assert function.scene.conversation("fence") == 0


def test_a_task_that_can_never_be_done_is_recorded_and_not_repeated(function: Function) -> None:
    """O-04: a 2xx for what is wrong for ever."""
    for body in (b"not json", b"[]", b'{"organization_id": 1}', b"\xff\xfe"):
        assert function.post(body).status_code == 200
    unknown = {"organization_id": str(uuid4()), "conversation_id": str(uuid4())}
    assert function.post(unknown).json()["reason"] == "unknown_conversation"
    function.scene.says("oi")
    assert function.task().status_code == 200, "the function works on"


def test_a_database_that_is_away_is_told_to_the_queue(shared_database: Database, tmp_path: Path) -> None:
    """B1: 503 with Retry-After within three seconds; the queue brings the task again."""
    nowhere = f"postgresql+pg8000://application@/nowhere?unix_sock={tmp_path}/none"
    with serving(shared_database, tmp_path, DATABASE_URL=nowhere) as function:
        function.scene.says("oi")
        function.task()  # the first request loads what it needs
        started = time.monotonic()
        answer = function.task()
        assert time.monotonic() - started < 3
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


def test_an_instance_without_its_settings_says_which(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"(?s)DATABASE_URL.*OIDC_AUDIENCE"):
        Host("functions/agent_execution/main.py", {}, log=tmp_path / "function.log")
