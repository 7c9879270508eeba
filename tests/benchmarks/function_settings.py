"""How the project's functions are started on a measured database."""

import base64
from pathlib import Path

from infra.manifest import load_manifest
from shared.platform.keysets import create_master_key_file
from tests.support.database import Database

APP_SECRET = "benchmark"  # noqa: S105 - signs what the benchmark sends to itself
_NOWHERE = "http://127.0.0.1:9"  # where nobody listens: no task ever arrives, nothing is fetched or sent


def function_settings(name: str, database: Database, *, folder: Path, sink: str) -> dict[str, str]:
    """The environment of a function; `folder` gets the master key, `sink` (host:port) the tasks.

    It holds the settings of all functions: each reads its own.
    """
    key_file = folder / "master-key"
    if not key_file.exists():
        create_master_key_file(key_file)
    functions = load_manifest().functions
    addresses = {each.url_setting: f"{_NOWHERE}/{each.name}" for each in functions.values() if each.url_setting}
    return addresses | {
        "DATABASE_URL": database.url(functions[name].database_role),
        "TENANT_CONTEXT_KEY": base64.b64encode(database.tenant_context_key).decode(),
        "MASTER_KEY_FILE": str(key_file),
        "META_APP_SECRETS": APP_SECRET,
        "META_VERIFY_TOKEN": "verify",
        "GRAPH_BASE_URL": _NOWHERE,
        "CLOUD_TASKS_ENDPOINT": sink,
        "GOOGLE_CLOUD_PROJECT": "local",
        "GOOGLE_CLOUD_REGION": "local",
        "TASKS_SERVICE_ACCOUNT": "tasks@local.test",
        "MEDIA_BUCKET": "media",
        "OIDC_AUDIENCE": f"{_NOWHERE}/{name}",
        "OIDC_ALLOWED_EMAILS": "tasks@local.test",
        "OIDC_CERTS_URL": f"{_NOWHERE}/oidc/certs",
    }
