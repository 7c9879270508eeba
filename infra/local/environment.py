"""What a function finds in its environment on this machine: the settings and secrets that the manifest names, only.

So a function that needs a setting the manifest does not give it fails here as it would in the cloud. Where the cloud
has a service, the local value points to the stack's own; the functions' code does not differ.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.credentials import StackSecrets
from infra.local.directory import Directory
from infra.local.errors import StackUnusable
from infra.local.postgres import PostgresServer
from infra.manifest import REPOSITORY, Function, Manifest

PROJECT = "departments-local"
REGION = "southamerica-east1"
TASKS_ACCOUNT = f"cloud-tasks@{PROJECT}.iam.gserviceaccount.com"
SCHEDULER_ACCOUNT = f"cloud-scheduler@{PROJECT}.iam.gserviceaccount.com"
MEDIA_BUCKET = "departments-media"
ARCHIVE_BUCKET = "departments-archive"
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "VIRTUAL_ENV")
_READER = ("MEDIA_READER_URL", "MEDIA_READER_API_KEY", "MEDIA_TRANSCRIPTION_MODEL", "MEDIA_DESCRIPTION_MODEL")
_EMBEDDING = ("EMBEDDING_MODEL", "EMBEDDING_URL", "EMBEDDING_API_KEY", "EMBEDDING_VERTEX_LOCATION")
_MODELS = (
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "GOOGLE_API_KEY",
    "VERTEX_PROJECT",
    "VERTEX_REGION",
    "OPENAI_COMPATIBLE_API_KEY",
)
_PACE = ("QUIET_SECONDS", "CEILING_SECONDS")  # how long to wait for a customer's next message, for who wants it shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The running parts that functions are pointed to."""

    directory: Directory
    server: PostgresServer
    secrets: StackSecrets
    master_key_file: Path
    tasks_endpoint: str
    storage_url: str


def function_environment(
    function: Function, *, manifest: Manifest, around: Surroundings, extra: Mapping[str, str]
) -> dict[str, str]:
    """The whole environment of a function's process; `extra` wins.

    Raises:
        StackUnusable: the manifest names a setting that has no value here.
    """
    known = _known(function, manifest=manifest, around=around)
    values: dict[str, str] = {name: os.environ[name] for name in (*_PASSED_ON, *_PACE) if name in os.environ}
    values |= {
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "PYTHONUNBUFFERED": "1",
        "FUNCTION_USE_ASGI": "true",
        "K_SERVICE": function.cloud_name,
        "LOG_LEVEL": "INFO",
        "NO_GCE_CHECK": "true",  # Google's libraries would look for a metadata server
        "DATABASE_URL": around.server.url(function.database_role),
    }
    for name in (*function.settings, *function.secrets):
        if name in extra:
            continue
        if name not in known:
            raise StackUnusable(
                f"infra/functions.yaml: functions.{function.name} wants the setting {name}, which has no local value. "
                f"Add it to infra/local/environment.py, or correct the name."
            )
        values |= known[name]
    return {**values, **extra}


def python_command(module: str, *arguments: str) -> list[str]:
    """The command line of a module under this same Python."""
    return [sys.executable, "-m", module, *arguments]


def _known(function: Function, *, manifest: Manifest, around: Surroundings) -> dict[str, dict[str, str]]:
    """Setting → the variables that stand for it here."""
    directory, secrets = around.directory, around.secrets
    known: dict[str, dict[str, str]] = {
        "GOOGLE_CLOUD_PROJECT": {"GOOGLE_CLOUD_PROJECT": PROJECT},
        "GOOGLE_CLOUD_REGION": {"GOOGLE_CLOUD_REGION": REGION},
        "TASKS_SERVICE_ACCOUNT": {
            "TASKS_SERVICE_ACCOUNT": TASKS_ACCOUNT,
            "CLOUD_TASKS_ENDPOINT": around.tasks_endpoint,
        },
        "KMS_KEY_NAME": {"MASTER_KEY_FILE": str(around.master_key_file)},
        "MEDIA_BUCKET": {"MEDIA_BUCKET": MEDIA_BUCKET, "STORAGE_EMULATOR_HOST": around.storage_url},
        "ARCHIVE_BUCKET": {"ARCHIVE_BUCKET": ARCHIVE_BUCKET, "STORAGE_EMULATOR_HOST": around.storage_url},
        "OIDC_AUDIENCE": {
            "OIDC_AUDIENCE": directory.function_url(function.name),
            "OIDC_ISSUER": f"{directory.gateway}/oidc",
            "OIDC_CERTS_URL": f"{directory.gateway}/oidc/certs",
        },
        "OIDC_ALLOWED_EMAILS": {"OIDC_ALLOWED_EMAILS": f"{TASKS_ACCOUNT},{SCHEDULER_ACCOUNT}"},
        "GRAPH_BASE_URL": {
            "GRAPH_BASE_URL": f"{directory.gateway}/sandbox/meta",
            "INSTAGRAM_GRAPH_BASE_URL": f"{directory.gateway}/sandbox/meta",
        },
        "META_APP_SECRETS": {"META_APP_SECRETS": secrets.app_secret},
        "INSTAGRAM_APP_SECRETS": {"INSTAGRAM_APP_SECRETS": secrets.instagram_app_secret},
        "META_VERIFY_TOKEN": {"META_VERIFY_TOKEN": secrets.verify_token},
        "TENANT_CONTEXT_KEY": {"TENANT_CONTEXT_KEY": secrets.tenant_context_key},
    }
    # no model on this machine but those that are named in the stack's own environment
    for name in (*_READER, *_EMBEDDING, *_MODELS):
        known[name] = {name: os.environ.get(name, "")}
    sandbox = f"{directory.gateway}/sandbox/models/v1"  # asked only by agents whose configuration says "compatible:…"
    known["OPENAI_COMPATIBLE_URL"] = {"OPENAI_COMPATIBLE_URL": os.environ.get("OPENAI_COMPATIBLE_URL") or sandbox}
    known["QUEUE_SHARDS"] = {
        "QUEUE_SHARDS": ",".join(
            f"{queue.name}={queue.shards}" for queue in manifest.queues.values() if queue.shards > 1
        )
    }
    for other in manifest.functions.values():
        if other.url_setting is not None:
            known[other.url_setting] = {other.url_setting: directory.function_url(other.name)}
    return known
