"""Two tiny functions and their manifest, for tests of the stack that need no product: `echo` and `tick`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.manifest import Manifest, load_manifest

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """
queues:
  toys:
    description: Tasks of the function echo
    shards: 1
    max_dispatches_per_second: 500
    max_concurrent_dispatches: 20
    dispatch_deadline_seconds: 20
    retry: {max_attempts: 5, max_retry_seconds: 60, min_backoff_seconds: 0.2, max_backoff_seconds: 1, max_doublings: 3}
functions:
  echo:
    description: Answers with what it was sent
    entry_point: handle
    trigger: {type: queue, queue: toys}
    cpu: 1
    memory_mb: 128
    concurrency: 10
    min_instances: 0
    max_instances: 1
    timeout_seconds: 2
    database_role: application
    url_setting: ECHO_URL
    settings: [GOOGLE_CLOUD_PROJECT, TASKS_SERVICE_ACCOUNT, MEDIA_BUCKET, OIDC_AUDIENCE, OIDC_ALLOWED_EMAILS]
    secrets: [TENANT_CONTEXT_KEY]
  tick:
    description: Is called by the clock
    entry_point: handle
    trigger: {type: schedule, schedule: "0 3 * * *", time_zone: America/Sao_Paulo}
    cpu: 1
    memory_mb: 128
    concurrency: 1
    min_instances: 0
    max_instances: 1
    timeout_seconds: 5
    database_role: worker
    settings: [ECHO_URL, OIDC_AUDIENCE]
    secrets: []
"""
ECHO = """
import asyncio, hashlib, os
import functions_framework.aio
from starlette.responses import JSONResponse, StreamingResponse

@functions_framework.aio.http
async def handle(request):
    path = request.url.path
    if path == "/die":
        os._exit(3)
    if path == "/slow":
        await asyncio.sleep(4)
    if path == "/stream":
        async def chunks():
            for number in range(3):
                yield f"{number}\\n"
                await asyncio.sleep(0.2)
        return StreamingResponse(chunks())
    body = await request.body()
    answer = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "headers": [[name.decode(), value.decode("latin-1")] for name, value in request.scope["headers"]],
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "environment": dict(os.environ),
        "pid": os.getpid(),
    }
    return JSONResponse(answer, headers={"X-Echo": "yes"})
"""
TICK = """
import os
import functions_framework.aio
from starlette.responses import JSONResponse

@functions_framework.aio.http
async def handle(request):
    with open(os.environ["TICKS"], "a") as file:
        file.write(request.headers["authorization"] + " " + request.headers["x-cloudscheduler-jobname"] + "\\n")
    return JSONResponse({})
"""


def write_toys(folder: Path) -> Manifest:
    """Write the functions below a folder and load their manifest."""
    for name, source in {"echo": ECHO, "tick": TICK}.items():
        (folder / "functions" / name).mkdir(parents=True, exist_ok=True)
        (folder / "functions" / name / "main.py").write_text(source)
    (folder / "infra").mkdir(exist_ok=True)
    file = folder / "infra" / "functions.yaml"
    file.write_text(MANIFEST)
    return load_manifest(file)
