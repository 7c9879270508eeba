"""The framework's empty function, threaded: what any function costs before it does anything."""

import functions_framework
from flask import Request


@functions_framework.http
def handle(_request: Request) -> str:
    """Answers at once."""
    return "ok"
