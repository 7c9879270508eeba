"""Logs as Cloud Run reads them: one JSON object per line, a phrase and fields. Never a secret or a message's text.

https://cloud.google.com/run/docs/logging#using-json
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from shared.platform import secrets

if TYPE_CHECKING:
    from shared.platform.settings import LogSettings

    Event = dict[str, Any]

# A field of such a name is masked whatever it holds: the name says that the value is not for a log.
# fmt: off
_PRIVATE_NAMES = frozenset((
    "access_token", "app_secret", "authorization", "body", "content", "cookie", "credential", "headers", "message_text",
    "password", "payload", "prompt", "raw", "refresh_token", "secret", "signature", "text", "token",
    "two_factor_secret", "verify_token", "webhook_secret",
))
# fmt: on
# Their exceptions' messages are written here and quote nothing but names; what a stranger's quotes is unknown.
_OUR_PACKAGES = ("shared.", "functions.", "infra.", "migrations.")
_SEVERITIES = {"warn": "WARNING", "exception": "ERROR", "fatal": "CRITICAL", "msg": "INFO"}
_TRACE_FIELD = "logging.googleapis.com/trace"
_FRAMES_KEPT = 30

_state: dict[str, Any] = {"level": logging.INFO, "project": ""}


def get_logger(name: str) -> Any:
    """Return a logger of `info(phrase, **fields)`, `warning`, `error`, and `exception` inside an `except`."""
    processors: list[Any] = [_drop_quiet, structlog.contextvars.merge_contextvars, _shape, _render]
    logger = structlog.wrap_logger(_Stdout(), processors=processors, wrapper_class=structlog.BoundLogger)
    return logger.bind(logger=name)


def configure(settings: LogSettings) -> None:
    """Set the level, and bring what other packages log (from WARNING up) into the same shape."""
    _state["level"] = logging.getLevelNamesMapping()[settings.log_level]
    _state["project"] = settings.google_cloud_project or ""
    root = logging.getLogger()
    root.handlers = [_Foreign()]
    root.setLevel(logging.WARNING)
    # Cloud Run logs each request itself, and these lines would hold the handshake's token (it comes in the URL)
    logging.getLogger("uvicorn.access").disabled = True


def bind_trace(header: str | None) -> None:
    """Name the request's trace, from its X-Cloud-Trace-Context header, in every line of this context."""
    structlog.contextvars.clear_contextvars()
    trace = (header or "").partition("/")[0]
    if trace.isalnum():
        structlog.contextvars.bind_contextvars(trace=trace)


class _Stdout:
    """Writes lines to whatever standard output is at the moment."""

    def __getattr__(self, _method: str) -> Any:
        return self._write

    @staticmethod
    def _write(line: str) -> None:
        sys.stdout.write(line)
        sys.stdout.flush()


class _Foreign(logging.Handler):
    """Brings a record of the standard library's logging into the same shape."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; its arguments are formatted into the phrase, and masked with it."""
        event: Event = {"event": record.getMessage(), "logger": record.name, "exc_info": record.exc_info}
        _Stdout._write(_render(None, "", _shape(None, record.levelname.lower(), event)))  # noqa: SLF001


def _drop_quiet(_logger: object, method: str, event: Event) -> Event:
    if logging.getLevelNamesMapping().get(_severity(method), 0) < _state["level"]:
        raise structlog.DropEvent
    return event


def _severity(method: str) -> str:
    return _SEVERITIES.get(method, method.upper())


def _shape(_logger: object, method: str, event: Event) -> Event:
    """Name the fields as Cloud Logging reads them; describe an exception without what it quotes."""
    shaped: Event = {"severity": _severity(method), "message": event.pop("event", ""), "time": _now()}
    error = event.pop("exc_info", None)
    trace = event.pop("trace", None)
    if trace and _state["project"]:
        shaped[_TRACE_FIELD] = f"projects/{_state['project']}/traces/{trace}"
    for name, value in event.items():
        shaped[name] = secrets.MASK if name.lower() in _PRIVATE_NAMES else value
    if error or method == "exception":
        shaped |= _describe(error)
    return shaped


def _describe(error: Any) -> Event:
    """Return an exception's type, its message if it is ours, and the places where it passed."""
    if isinstance(error, tuple):
        error = error[1]
    elif not isinstance(error, BaseException):
        error = sys.exc_info()[1]
    if error is None:
        return {}
    kind = type(error)
    described: Event = {"error": f"{kind.__module__}.{kind.__qualname__}"}
    if kind.__module__.startswith(_OUR_PACKAGES):
        described["error_message"] = str(error)
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_KEPT:]
    described["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    cause = error.__cause__ or error.__context__
    if cause is not None:
        described["cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return described


def _render(_logger: object, _method: str, event: Event) -> str:
    return secrets.mask(json.dumps(event, default=str)) + "\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
