"""How the project's functions are started on a measured database."""

import base64
from pathlib import Path

from infra.manifest import load_manifest
from shared.platform.keysets import create_master_key_file
from tests.support.database import Database

APP_SECRET = "benchmark"  # noqa: S105 - signs what the benchmark sends to itself


def function_settings(name: str, database: Database, *, folder: Path, sink: str) -> dict[str, str]:
    """The environment of a function; `folder` gets the master key, `sink` (host:port) the tasks.

    It holds the settings of all functions: each reads its own.
    """
    key_file = folder / "master-key"
    if not key_file.exists():
        create_master_key_file(key_file)
    own_url = "http://127.0.0.1:9/agent_execution"  # no task ever arrives there
    return {
        "DATABASE_URL": database.url(load_manifest().functions[name].database_role),
        "TENANT_CONTEXT_KEY": base64.b64encode(database.tenant_context_key).decode(),
        "MASTER_KEY_FILE": str(key_file),
        "META_APP_SECRETS": APP_SECRET,
        "META_VERIFY_TOKEN": "verify",
        "GRAPH_BASE_URL": "http://127.0.0.1:9",
        "CLOUD_TASKS_ENDPOINT": sink,
        "GOOGLE_CLOUD_PROJECT": "local",
        "GOOGLE_CLOUD_REGION": "local",
        "TASKS_SERVICE_ACCOUNT": "tasks@local.test",
        "AGENT_EXECUTION_URL": own_url,
        "MEDIA_TRANSFER_URL": "http://127.0.0.1:9/media_transfer",
        "OIDC_AUDIENCE": own_url,
        "OIDC_ALLOWED_EMAILS": "tasks@local.test",
        "OIDC_CERTS_URL": "http://127.0.0.1:9/oidc/certs",
    }
