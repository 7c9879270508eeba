"""A whole stack: what it announces, what functions find around them, and that its parts work together."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import jwt
import pg8000.exceptions
import psutil
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2
from google.cloud.storage import Client
from sqlalchemy import create_engine, make_url, text

from infra.local.environment import MEDIA_BUCKET, SCHEDULER_ACCOUNT, TASKS_ACCOUNT
from infra.local.errors import StackUnusable
from infra.local.stack import LocalStack, StackOptions
from tests.infra.local.running_stack import QUEUE
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.infra.local.running_stack import RunningStack


def test_the_ready_file_says_where_everything_is(running_stack: RunningStack) -> None:
    ready = json.loads(running_stack.ready_file.read_text())
    assert set(ready) == {"gateway", "functions", "database", "sandboxes", "demo", "data_dir"}
    assert set(ready["functions"]) == {"echo", "tick"}
    assert set(ready["database"]) == {"owner", "application"}
    assert ready["sandboxes"] == {name: f"{ready['gateway']}/sandbox/{name}" for name in ("meta", "models")}
    assert set(ready["demo"]) == {
        "organization_id",
        "phone_number_id",
        "instagram_id",
        "page_id",
        "app_secret",
        "instagram_app_secret",
        "verify_token",
    }
    assert running_stack.ready_file.stat().st_mode & 0o777 == 0o600
    assert running_stack.client.get(f"{ready['functions']['echo']}/direct").json()["path"] == "/direct"


def test_the_announced_logins_are_the_owner_and_a_role_that_row_security_binds(running_stack: RunningStack) -> None:
    database = running_stack.stack.ready["database"]
    assert make_url(database["owner"]).username == "owner_login"
    engine = create_engine(database["application"])
    with engine.connect() as connection:
        query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(text(query)).scalar_one() is False
        assert connection.execute(text("SELECT count(*) FROM platform.organizations")).scalar_one() == 0
    engine.dispose()


def test_the_demo_organization_has_a_responder_and_on_each_channel_a_connection_with_an_encrypted_token(
    running_stack: RunningStack,
) -> None:
    demo = running_stack.stack.ready["demo"]
    connection = running_stack.stack.basis.databases.connect("departments")
    rows = connection.run(
        "SELECT o.name, d.type, a.agent_type, c.account_identifier, c.access_token FROM platform.organizations o"
        " JOIN departments.departments d ON d.organization_id = o.id"
        " JOIN departments.agents a ON a.department_id = d.id"
        " JOIN integrations.connections c ON c.organization_id = o.id"
        " WHERE o.id = CAST(:id AS uuid) ORDER BY c.integration_type",
        id=demo["organization_id"],
    )
    connection.close()
    assert rows is not None
    assert [tuple(row[:4]) for row in rows] == [
        ("Padaria Aurora", "customer_service", "whatsapp_responder", demo[account])
        for account in ("page_id", "instagram_id", "phone_number_id")
    ]
    secrets = running_stack.stack.basis.secrets
    for row, token in zip(rows, (secrets.page_token, secrets.instagram_token, secrets.graph_token), strict=True):
        assert token not in row[4]


def test_a_function_finds_only_what_the_manifest_names(running_stack: RunningStack) -> None:
    environment = running_stack.client.get("/echo").json()["environment"]
    gateway = running_stack.stack.ready["gateway"]
    assert environment["DATABASE_URL"].startswith("postgresql+pg8000://application@")
    assert environment["CLOUD_TASKS_ENDPOINT"] == running_stack.stack.tasks_endpoint
    assert environment["OIDC_AUDIENCE"] == f"{gateway}/echo"
    assert environment["OIDC_CERTS_URL"] == f"{gateway}/oidc/certs"
    assert environment["TENANT_CONTEXT_KEY"]
    assert environment["EXTRA"] == "yes"
    assert not {"META_APP_SECRETS", "GRAPH_BASE_URL", "ECHO_URL", "TICKS"} & set(environment)


def test_a_function_runs_with_as_many_processes_as_asked(running_stack: RunningStack) -> None:
    host = running_stack.stack.hosts["echo"]
    eventually(lambda: len(psutil.Process(host.pid).children()) == 2)


def test_a_task_goes_from_the_queue_through_to_its_function_with_a_token_it_can_verify(
    running_stack: RunningStack,
) -> None:
    gateway = running_stack.stack.ready["gateway"]
    running_stack.client.get("/echo")
    token = tasks_v2.OidcToken(service_account_email=TASKS_ACCOUNT, audience=f"{gateway}/echo")
    request = tasks_v2.HttpRequest(url=f"{gateway}/echo/task", body=b"{}", oidc_token=token)
    running_stack.tasks.create_task(parent=QUEUE, task=tasks_v2.Task(http_request=request))
    eventually(lambda: not list(running_stack.tasks.list_tasks(parent=QUEUE)))


def test_the_scheduler_fires_on_command_with_a_token_that_the_published_keys_verify(
    running_stack: RunningStack,
) -> None:
    running_stack.ticks.unlink(missing_ok=True)
    answer = running_stack.client.post("/scheduler/fire", json={"job": "tick", "times": 2})
    assert [firing["status"] for firing in answer.json()["firings"]] == [200, 200]
    lines = running_stack.ticks.read_text().splitlines()
    assert len(lines) == 2
    _, token, job = lines[0].split()
    keys = running_stack.client.get("/oidc/certs").json()
    gateway = running_stack.stack.ready["gateway"]
    claims = jwt.decode(
        token,
        jwt.PyJWKSet.from_dict(keys).keys[0].key,
        algorithms=["RS256"],
        audience=f"{gateway}/tick",
        issuer=f"{gateway}/oidc",
    )
    assert (claims["email"], job) == (SCHEDULER_ACCOUNT, "tick")


def test_the_scheduler_can_be_silent_and_says_what_it_knows(running_stack: RunningStack) -> None:
    shown = running_stack.client.post("/scheduler", json={"silent": True}).json()
    assert shown["silent"] is True
    (job,) = shown["jobs"]
    assert (job["name"], job["schedule"], job["time_zone"]) == ("tick", "0 3 * * *", "America/Sao_Paulo")
    assert job["next"].endswith("03:00:00-03:00")
    assert running_stack.client.post("/scheduler", json={"silent": False}).json()["silent"] is False


@pytest.mark.parametrize(
    ("path", "wanted", "status"),
    [
        ("/scheduler/fire", {"job": "nobody"}, 404),
        ("/scheduler/fire", {"job": "tick", "times": 0}, 400),
        ("/scheduler", {"silent": "yes"}, 400),
    ],
)
def test_an_impossible_command_to_the_scheduler_is_refused(
    running_stack: RunningStack, path: str, wanted: dict[str, Any], status: int
) -> None:
    answer = running_stack.client.post(path, json=wanted)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_objects_are_stored_and_read_by_the_public_client(running_stack: RunningStack) -> None:
    environment = running_stack.client.get("/echo").json()["environment"]
    client = Client(
        project="x",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] # Google's has no types
        client_options={"api_endpoint": environment["STORAGE_EMULATOR_HOST"]},
    )
    try:
        bucket = client.bucket(MEDIA_BUCKET)
        bucket.blob("org/foto.jpg").upload_from_string(b"\xff\xd8bytes", content_type="image/jpeg")
        assert bucket.blob("org/foto.jpg").download_as_bytes() == b"\xff\xd8bytes"
        assert [blob.name for blob in client.list_blobs(MEDIA_BUCKET, prefix="org/")] == ["org/foto.jpg"]
        meta = running_stack.folder / "data" / "storage" / ".cloudstorage" / ".meta"
        assert "foto.jpg" in meta.read_text()
        assert running_stack.client.get(f"/storage/storage/v1/b/{MEDIA_BUCKET}/o").json()["items"][0]["name"]
    finally:
        client.close()


def test_a_second_stack_on_the_same_folder_is_refused_and_names_the_first(running_stack: RunningStack) -> None:
    options = StackOptions(
        data_dir=running_stack.folder / "data", port=0, manifest=running_stack.stack.options.manifest
    )
    with pytest.raises(StackUnusable, match=r"in use by the stack with process id \d+"):
        running_stack.loop.run(LocalStack(options).start())


def test_a_busy_port_is_refused_with_the_next_step(running_stack: RunningStack) -> None:
    port = running_stack.client.base_url.port
    assert port is not None
    options = StackOptions(
        data_dir=running_stack.folder / "other", port=port, manifest=running_stack.stack.options.manifest
    )
    with pytest.raises(StackUnusable, match=rf"port {port} is in use .* --port {port + 1}"):
        running_stack.loop.run(LocalStack(options).start())


def test_the_database_comes_back_after_its_server_was_killed(running_stack: RunningStack) -> None:
    server = running_stack.stack.basis.server
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: server.pid not in {None, killed})

    def answers() -> bool:
        try:
            connection = running_stack.stack.basis.databases.connect("local_stack")
        except pg8000.exceptions.Error:
            return False
        connection.close()
        return True

    eventually(answers, within=30)
    request = tasks_v2.HttpRequest(url=f"{running_stack.stack.ready['gateway']}/echo")
    task = tasks_v2.Task(http_request=request, schedule_time={"seconds": int(time.time()) + 3600})
    created = running_stack.tasks.create_task(parent=QUEUE, task=task)
    running_stack.tasks.delete_task(name=created.name)
