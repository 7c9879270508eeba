"""The JSON object in the body of a request to the stack's own paths."""

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request


async def json_object(request: Request) -> dict[str, Any]:
    """The object; an empty body is an empty one. Anything else is refused with 400."""
    try:
        wanted = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON") from None
    if not isinstance(wanted, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return wanted
