from __future__ import annotations

import base64
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from shared.kit.errors import Rejected
from shared.platform import logs, secrets
from shared.platform.logs import bind_trace, configure, get_logger
from shared.platform.settings import DatabaseSettings, LogSettings, MetaSettings, load

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARIES = {
    "DATABASE_URL": "postgresql+pg8000://application:canary-pass%40word@host/departments",
    "TENANT_CONTEXT_KEY": base64.b64encode(b"canary-context-key-of-32-bytes!!").decode(),
    "META_APP_SECRETS": 'canary-app-secret-1, canary"app\\secret-2',
    "META_VERIFY_TOKEN": "canary-verify-token",
}


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave logging as it was found."""
    monkeypatch.setattr(secrets, "_known", set())
    monkeypatch.setattr(logs, "_state", {"level": logging.INFO, "project": ""})
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    logging.getLogger("uvicorn.access").disabled = False
    bind_trace(None)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_one_json_object_as_cloud_run_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger("somewhere").info("turn done", organization_id="o-1", seconds=1.5)
    (line,) = _lines(capsys)
    assert line.pop("time").startswith("20")
    assert line == {
        "severity": "INFO",
        "message": "turn done",
        "logger": "somewhere",
        "organization_id": "o-1",
        "seconds": 1.5,
    }


def test_levels_are_cloud_logging_s_severities_and_the_quiet_ones_are_dropped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = get_logger("x")
    log.debug("unseen")
    for level in ("info", "warning", "error", "critical"):
        getattr(log, level)("seen")
    assert [line["severity"] for line in _lines(capsys)] == ["INFO", "WARNING", "ERROR", "CRITICAL"]
    configure(LogSettings(log_level="ERROR"))
    log.warning("unseen")
    log.error("seen")
    assert [line["message"] for line in _lines(capsys)] == ["seen"]


def test_a_line_names_the_trace_of_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSettings(google_cloud_project="project"))
    bind_trace("105445aa7843bc8bf206b12000100000/1;o=1")
    get_logger("x").info("inside")
    bind_trace(None)
    get_logger("x").info("outside")
    inside, outside = _lines(capsys)
    assert inside["logging.googleapis.com/trace"] == "projects/project/traces/105445aa7843bc8bf206b12000100000"
    assert "logging.googleapis.com/trace" not in outside


def _raise(error: Exception) -> None:
    raise error


def _leak(secret: str) -> None:
    log = get_logger("x")
    log.info("named", access_token=secret, authorization=f"Bearer {secret}", webhook_secret=secret)
    log.info("unnamed", note=secret, nested={"deep": [secret]}, url=f"https://graph.example/?token={secret}")
    log.info(f"phrase {secret}")  # noqa: G004 - the wrong thing to do, which is the point
    try:
        _raise(ValueError(secret))
    except ValueError:
        log.exception("broken")
    logging.getLogger("library").error("request failed: %s", secret)
    try:
        _raise(RuntimeError(secret))
    except RuntimeError:
        logging.getLogger("library").exception("failed")


def test_no_secret_of_the_settings_is_ever_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """T-08: named or not, nested, in an exception, by a library: every secret that was loaded is masked."""
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    configure(LogSettings())
    _leak("canary-before-loading")
    assert "canary-before-loading" in capsys.readouterr().out, "the negative control: unknown values do show"

    database, meta = load(DatabaseSettings), load(MetaSettings)
    shown = [
        "canary-pass@word",
        CANARIES["TENANT_CONTEXT_KEY"],
        *(secret.get_secret_value() for secret in meta.meta_app_secrets),
        meta.meta_verify_token.get_secret_value(),
    ]
    for secret in shown:
        _leak(secret)
    assert database.database_url is not None
    _leak(database.database_url.get_secret_value())
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 6 * 6
    for secret in shown:
        assert secret not in captured.out
        assert json.dumps(secret)[1:-1] not in captured.out
    assert "canary" not in captured.out + captured.err
    assert secrets.MASK in captured.out


def test_private_fields_are_masked_whatever_they_hold(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger("x").info("message stored", text="the customer's words", body=b"raw", payload={"a": 1}, Content="x")
    line = _lines(capsys)[0]
    assert {line[name] for name in ("text", "body", "payload", "Content")} == {secrets.MASK}


def test_an_exception_shows_where_it_passed_and_only_our_own_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    log = get_logger("x")
    try:
        int("the customer's words")
    except ValueError:
        log.exception("defect")
    try:
        _raise(Rejected("bad_task", "the task has no ids"))
    except Rejected as rejected:
        log.warning("refused", exc_info=rejected)
    stranger, ours = _lines(capsys)
    assert stranger["error"] == "builtins.ValueError"
    assert "error_message" not in stranger
    assert "customer" not in json.dumps(stranger)
    assert "test_an_exception_shows" in stranger["stack"][-1]
    assert (ours["error"], ours["error_message"]) == ("shared.kit.errors.Rejected", "the task has no ids")
    assert ours["severity"] == "WARNING"


def test_libraries_are_heard_from_warnings_up_in_the_same_shape(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LogSettings())
    logging.getLogger("library").info("unseen")
    logging.getLogger("library").warning("pool %s", "full")
    logging.getLogger("uvicorn.access").warning("GET /whatsapp?hub.verify_token=x")
    (line,) = _lines(capsys)
    assert (line["severity"], line["message"], line["logger"]) == ("WARNING", "pool full", "library")


def test_a_value_that_is_no_json_is_written_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger("x").info("odd", value=set, surrogate="\ud800")
    assert _lines(capsys)[0]["surrogate"] == "\ud800"
