"""The archives, and that each one is all that its function needs."""

import base64
import contextlib
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from pathlib import Path

import httpx
import pytest

from infra.local.ports import free_port
from infra.local.tokens import TokenSigner, new_private_key
from infra.manifest import Function, load_manifest
from infra.package import SourceUnusable, archive_content, build_archive
from shared.channels.whatsapp.signature import sign
from shared.platform.keysets import create_master_key_file
from tests.functions.webhook_intake.bodies import change, encoded, envelope, text_message
from tests.infra.deployment import Deployed, deployed
from tests.support.database import Database
from tests.support.tenants import make_organization

FUNCTIONS = load_manifest().functions
APP_SECRET = b"the-app-secret"
EMAIL = "caller@local.test"
AUDIENCE = "https://function.local.test"


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_the_same_sources_give_the_same_bytes(function: Function, tmp_path: Path) -> None:
    first = build_archive(function, destination=tmp_path / "first")
    second = build_archive(function, destination=tmp_path / "second")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_an_archive_holds_the_function_and_what_it_needs_of_shared_and_nothing_else(
    function: Function, tmp_path: Path
) -> None:
    archive = build_archive(function, destination=tmp_path)
    with zipfile.ZipFile(archive.path) as file:
        names = file.namelist()
        assert file.read("main.py") == function.source.read_bytes()
    assert names == sorted(names)
    folders = {"shared", f"functions/{function.name}"}
    strangers = [name for name in names if not name.startswith(tuple(f"{folder}/" for folder in folders))]
    assert strangers == ["functions/__init__.py", "main.py", "requirements.txt"]
    assert f"functions/{function.name}/handler.py" in names
    assert "shared/platform/settings.py" in names


def test_intake_carries_no_agents() -> None:
    assert not [name for name in archive_content(FUNCTIONS["webhook_intake"]) if name.startswith("shared/agents/")]


@pytest.fixture
def tiny(tmp_path: Path) -> Function:
    """A function of a project of its own, with data beside its code."""
    files = {
        "functions/__init__.py": "",
        "functions/tiny/__init__.py": "",
        "functions/tiny/main.py": "from shared.words import greeting\n",
        "functions/tiny/requirements.in": "",
        "functions/tiny/requirements.txt": "",
        "shared/__init__.py": "",
        "shared/words/__init__.py": "",
        "shared/words/greeting.py": "",
        "shared/words/texts/pt.txt": "olá",
        "shared/words/unused.py": "",
        "infra/__init__.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return replace(FUNCTIONS["webhook_intake"], name="tiny", source=tmp_path / "functions/tiny/main.py")


def test_data_beside_the_code_is_packed_and_what_is_not_imported_is_not(tiny: Function) -> None:
    names = set(archive_content(tiny))
    assert "shared/words/texts/pt.txt" in names
    assert not names & {"shared/words/unused.py", "functions/tiny/requirements.in", "functions/tiny/main.py"}


def test_a_function_without_a_lock_is_not_packed(tiny: Function) -> None:
    tiny.source.with_name("requirements.txt").unlink()
    with pytest.raises(SourceUnusable, match=r"functions/tiny/requirements\.txt is missing"):
        archive_content(tiny)


def test_a_function_that_imports_what_is_not_deployed_is_not_packed(tiny: Function) -> None:
    tiny.source.write_text("import infra\n")
    with pytest.raises(SourceUnusable, match=r"tiny imports infra/__init__\.py, which is not deployed"):
        archive_content(tiny)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs the tokens of this test, and where the keys lie that prove them."""

    signer: TokenSigner
    url: str

    def authorization(self) -> dict[str, str]:
        """The header of a good call."""
        return {"Authorization": f"Bearer {self.signer.token(audience=AUDIENCE, email=EMAIL)}"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """Serve the keys over HTTP."""
    issued_by = "https://issuer.local.test"
    signer = TokenSigner(private_key=new_private_key(), issuer=issued_by)
    content = dumps(signer.certs()).encode()

    class Certificates(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Certificates)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Issuer(signer, f"http://127.0.0.1:{server.server_port}/certs")
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each function gets its environment, one after the other."""
    return tmp_path_factory.mktemp("deployed")


@contextlib.contextmanager
def _running(name: str, database: Database, issuer: Issuer, *, folder: Path, place: Path) -> Iterator[Deployed]:
    """The deployed function with what the manifest gives it, and nothing more."""
    function = FUNCTIONS[name]
    create_master_key_file(folder / "master-key")
    known = {
        "META_APP_SECRETS": APP_SECRET.decode(),
        "META_VERIFY_TOKEN": "the-verify-token",
        "TENANT_CONTEXT_KEY": base64.b64encode(database.tenant_context_key).decode(),
        "GOOGLE_CLOUD_PROJECT": "local",
        "GOOGLE_CLOUD_REGION": "local",
        "TASKS_SERVICE_ACCOUNT": EMAIL,
        "AGENT_EXECUTION_URL": AUDIENCE,
        "MESSAGE_DELIVERY_URL": AUDIENCE,
        "MEDIA_TRANSFER_URL": AUDIENCE,
        "KNOWLEDGE_INGESTION_URL": AUDIENCE,
        "MEDIA_BUCKET": "media",
        "GRAPH_BASE_URL": "http://127.0.0.1:9",
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_ALLOWED_EMAILS": EMAIL,
        "QUEUE_SHARDS": "",
    }
    given = {setting: known[setting] for setting in (*function.settings, *function.secrets) if setting in known}
    local = {
        "DATABASE_URL": database.url(function.database_role),
        "MASTER_KEY_FILE": str(folder / "master-key"),
        "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9",  # the sweep finds what could not be enqueued
        "OIDC_ISSUER": "https://issuer.local.test",
        "OIDC_CERTS_URL": issuer.url,
    }
    with deployed(function, folder=folder, place=place, settings=given | local, port=free_port()) as running:
        yield running


def test_webhook_intake_answers_the_handshake_and_stores_a_signed_webhook(
    database: Database, issuer: Issuer, tmp_path: Path, place: Path
) -> None:
    tenant = make_organization(database)
    raw = encoded(envelope(change(tenant.phone_number_id, messages=[text_message()])))
    with _running("webhook_intake", database, issuer, folder=tmp_path, place=place) as intake:
        url = f"{intake.url}/whatsapp"
        asked = {"hub.mode": "subscribe", "hub.verify_token": "the-verify-token", "hub.challenge": "1158201444"}
        assert httpx.get(url, params=asked).text == "1158201444"
        unsigned = httpx.post(url, content=raw)
        signed = httpx.post(url, content=raw, headers={"X-Hub-Signature-256": sign(raw, APP_SECRET).decode()})
        assert (unsigned.status_code, signed.status_code) == (401, 200), intake.log.read_text()
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM platform.messages WHERE organization_id = %s", (tenant.organization_id,))
        assert cursor.fetchone() == [1]


@pytest.mark.parametrize("name", [name for name, each in FUNCTIONS.items() if each.trigger.type != "public_http"])
def test_a_function_that_google_calls_refuses_everybody_else(
    name: str, database: Database, issuer: Issuer, tmp_path: Path, place: Path
) -> None:
    tenant = make_organization(database)
    task = {"organization_id": str(tenant.organization_id), "conversation_id": str(tenant.connection_id)}
    with _running(name, database, issuer, folder=tmp_path, place=place) as function:
        assert httpx.post(function.url, json=task).status_code in {401, 403}
        good = httpx.post(function.url, json=task, headers=issuer.authorization())
        assert good.status_code == 200, function.log.read_text()
