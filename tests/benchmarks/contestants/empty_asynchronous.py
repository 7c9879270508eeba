"""The framework's empty function, asynchronous: the floor under every function of this project."""

import functions_framework.aio
from starlette.requests import Request


@functions_framework.aio.http
async def handle(_request: Request) -> str:
    """Answers at once."""
    return "ok"
