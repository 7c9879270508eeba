"""What a running local stack says about its functions and queues."""

from typing import Any

import httpx

from infra.cli.refusals import refused

PATIENCE_SECONDS = 3.0


def read_overview(ready: dict[str, Any]) -> dict[str, Any]:
    """Return the gateway's overview: `functions` with `ready`, `queues` with their tasks, `jobs`.

    Raises:
        CommandFailed: the gateway does not answer, so the stack of this ready file does not run any more.
    """
    url = f"{ready['gateway']}/overview"
    try:
        answer = httpx.get(url, timeout=PATIENCE_SECONDS, trust_env=False)
        overview: dict[str, Any] = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise refused("stack_unusable", reason=f"{url} did not answer: {type(error).__name__}") from error
    return overview
