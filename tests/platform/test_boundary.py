from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

import shared.platform.body
from shared.kit.errors import Rejected, Unavailable
from shared.platform.boundary import Delivery, Task, answer_schedule, answer_task, answer_webhook
from shared.platform.callers import Callers
from shared.platform.refusals import REFUSALS
from tests.platform.oidc import EMAIL, Issuer
from tests.platform.serving import EVERY_METHOD, exchange, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

LIMIT = 100_000


class Endpoint:
    """A served function whose handler the test gives; `calls` are what reached it."""

    def __init__(self) -> None:
        self.issuer = Issuer()
        self.calls: list[Any] = []
        self.outcome: Callable[[], object] = lambda: None
        self.port = 0
        self.callers: Callers

    def take(self, call: object = None) -> object:
        """The handler."""
        self.calls.append(call)
        return self.outcome()

    async def handle(self, request: Request) -> Response:
        """The entry point."""
        if request.url.path == "/certs":
            return JSONResponse(json.loads(self.issuer.fetch("https://www.googleapis.com/oauth2/v3/certs")))
        if request.url.path == "/task":
            return await answer_task(request, self.take, callers=self.callers)
        if request.url.path == "/schedule":
            return await answer_schedule(request, self.take, callers=self.callers)
        return await answer_webhook(request, self.take, size_limit=LIMIT)

    def post(self, path: str, content: bytes = b"{}", *, token: str | None = "", **headers: str) -> httpx.Response:
        """POST with a good token unless another is given (None: none)."""
        if token is not None:
            headers["authorization"] = f"Bearer {token or self.issuer.token()}"
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", content=content, headers=headers)


@pytest.fixture(scope="module")
def served() -> Iterator[Endpoint]:
    served = Endpoint()
    with serve(served.handle) as served.port:
        certs = f"http://127.0.0.1:{served.port}/certs"
        served.callers = Callers(served.issuer.settings().model_copy(update={"oidc_certs_url": certs}))
        yield served


@pytest.fixture
def endpoint(served: Endpoint) -> Endpoint:
    served.calls, served.outcome = [], lambda: None
    return served


def _raise(error: Exception) -> Callable[[], object]:
    def outcome() -> object:
        raise error

    return outcome


def test_a_task_reaches_its_handler_with_its_ids_and_name(endpoint: Endpoint) -> None:
    endpoint.outcome = lambda: {"result": "done"}
    headers = {"x-cloudtasks-taskname": "turn-1", "x-cloudtasks-taskretrycount": "3"}
    answer = endpoint.post("/task", b'{"conversation_id": "c"}', **headers)
    assert (answer.status_code, answer.json()) == (200, {"result": "done"})
    assert endpoint.calls == [Task({"conversation_id": "c"}, "turn-1", 3)]
    assert endpoint.post("/schedule", b"").status_code == 200


def test_handlers_run_beside_the_event_loop(endpoint: Endpoint) -> None:
    """One slow task must not keep the others waiting."""
    meeting = threading.Barrier(2)
    endpoint.outcome = lambda: meeting.wait(5) >= 0
    other = threading.Thread(target=endpoint.post, args=("/task",))
    other.start()
    assert endpoint.post("/task").json() is True
    other.join()


@pytest.mark.parametrize("path", ["/task", "/schedule"])
@pytest.mark.parametrize(
    ("token", "status", "code"),
    [(None, 401, "caller_unknown"), ("x.y.z", 401, "caller_unknown"), ("other", 403, "caller_not_allowed")],
)
def test_a_forged_call_is_refused_before_its_handler(
    endpoint: Endpoint, path: str, token: str | None, status: int, code: str
) -> None:
    """Q6: no claim."""
    answer = endpoint.post(path, token=endpoint.issuer.token(email="x@y") if token == "other" else token)  # noqa: S105 - a case
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert endpoint.calls == []


OUTCOMES = [
    ("/webhook", Rejected("signature_invalid", "no"), 401),
    ("/task", Rejected("bad_task", "no ids"), 200),
    ("/schedule", Rejected("bad_task", "no"), 200),
    *((path, Unavailable("later", retry_after=7), 503) for path in ("/webhook", "/task", "/schedule")),
    *((path, ZeroDivisionError("canary"), 500) for path in ("/webhook", "/task", "/schedule")),
]


@pytest.mark.parametrize(("path", "outcome", "status"), OUTCOMES, ids=lambda value: str(value) or None)
def test_outcomes_become_the_trigger_s_status(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], path: str, outcome: Exception, status: int
) -> None:
    endpoint.outcome = _raise(outcome)
    answer = endpoint.post(path)
    assert answer.status_code == status
    assert answer.headers.get("retry-after") == ("7" if status == 503 else None)
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["severity"] for line in logged] == ["ERROR" if status == 500 else "WARNING"]
    assert "canary" not in answer.text + json.dumps(logged)
    if status != 200:
        assert set(answer.json()) == {"code", "message", "message_pt"}


def test_a_task_of_a_known_caller_that_is_no_json_is_recorded_and_not_repeated(endpoint: Endpoint) -> None:
    for content in (b"", b"{", b"\xff", b"[" * 100 + b"]" * 100, b"1e400"):
        answer = endpoint.post("/task", content)
        assert (answer.status_code, answer.json()) == (200, {"code": "body_unusable"})
    assert endpoint.calls == []


@pytest.mark.parametrize("path", ["/webhook", "/task", "/schedule"])
def test_every_other_method_is_refused_with_what_is_allowed(endpoint: Endpoint, path: str) -> None:
    for method in EVERY_METHOD:
        if method == "POST":
            continue
        answer = httpx.request(method, f"http://127.0.0.1:{endpoint.port}{path}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert endpoint.calls == []


def test_a_webhook_reaches_its_handler_with_its_raw_bytes(endpoint: Endpoint) -> None:
    raw = '{"a": "é"}'.encode("utf-16")
    answer = endpoint.post("/webhook/x?a=1", raw, **{"x-hub-signature-256": "sha256=00"})
    assert (answer.status_code, answer.content) == (200, b"")
    (delivery,) = endpoint.calls
    assert isinstance(delivery, Delivery)
    assert (delivery.path, delivery.query, delivery.raw) == ("/webhook/x", "a=1", raw)
    assert delivery.headers["x-hub-signature-256"] == "sha256=00"
    assert "é" not in repr(delivery)


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_refused_and_never_inflated(endpoint: Endpoint, encoding: str) -> None:
    """I13."""
    answer = endpoint.post("/webhook", b"\x1f\x8b", **{"content-encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding_not_accepted")
    assert endpoint.post("/webhook", b"{}", **{"content-encoding": "identity"}).status_code == 200


def _chunked(size: int) -> bytes:
    piece = b"x" * 50_000
    return b"%x\r\n%s\r\n" % (len(piece), piece) * (size // len(piece)) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("name", "request_bytes"),
    [
        ("declared", b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n{"),
        (
            "declared with 30 digits",
            b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 18 + b"\r\n\r\n{",
        ),
        ("chunked", b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + _chunked(20_000_000)),
    ],
)
def test_a_body_over_the_limit_is_cut_off(endpoint: Endpoint, name: str, request_bytes: bytes) -> None:
    """I11: 413 without reading on, and the connection is closed."""
    del name
    began = time.monotonic()
    answer = exchange(endpoint.port, request_bytes)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:100]
    assert b"connection: close" in answer.lower()
    assert time.monotonic() - began < 4
    assert endpoint.calls == []
    assert endpoint.post("/webhook").status_code == 200


def test_a_body_at_the_limit_is_taken(endpoint: Endpoint) -> None:
    assert endpoint.post("/webhook", b"x" * LIMIT).status_code == 200
    assert endpoint.post("/webhook", b"x" * (LIMIT + 1)).status_code == 413


def test_slow_bodies_are_cut_off_and_others_are_served_meanwhile(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I12: the deadline is for the whole body, however it trickles."""
    assert shared.platform.body.SECONDS_LIMIT <= 10
    defaults: Any = shared.platform.body.read_body.__kwdefaults__
    monkeypatch.setitem(defaults, "seconds", 1.0)
    slow = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(exchange(endpoint.port, slow))) for _ in range(40)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    assert endpoint.post("/webhook").status_code == 200
    assert answers == [], "a good request does not wait for the slow ones"
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 4
    assert all(answer.startswith(b"HTTP/1.1 408") for answer in answers)
    assert len(answers) == 40


def test_a_sender_that_goes_away_leaves_nothing(endpoint: Endpoint) -> None:
    exchange(endpoint.port, b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", wait=0.1)
    assert endpoint.post("/webhook").status_code == 200
    assert len(endpoint.calls) == 1


def test_a_request_s_trace_is_in_its_lines(endpoint: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    from shared.platform import logs  # noqa: PLC0415

    logs._state["project"] = "p"  # noqa: SLF001
    endpoint.outcome = _raise(Unavailable("later"))
    endpoint.post("/webhook", b"{}", **{"x-cloud-trace-context": "abc123/1"})
    logs._state["project"] = ""  # noqa: SLF001
    assert json.loads(capsys.readouterr().out)["logging.googleapis.com/trace"] == "projects/p/traces/abc123"


def test_the_account_that_calls_is_proved_by_a_key_set_over_http(endpoint: Endpoint) -> None:
    assert endpoint.callers.verify(f"Bearer {endpoint.issuer.token()}") == EMAIL


def test_every_refusal_has_both_languages_and_a_status_of_its_kind() -> None:
    """X-04."""
    for code, refusal in REFUSALS.items():
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", code)
        assert 400 <= refusal.status < 600
        for text in (refusal.message, refusal.message_pt):
            assert text.endswith(".")
            assert len(text) > 10
        assert refusal.message != refusal.message_pt
    assert list(REFUSALS) == sorted(REFUSALS), "in order, so that one finds them"


def test_every_code_with_which_something_is_rejected_is_in_the_table() -> None:
    """X-04: read from the source. The command line has a table of its own."""
    found: set[str] = set()
    for folder in ("functions", "shared"):
        for path in Path(folder).rglob("*.py"):
            found |= set(re.findall(r"\b(?:Rejected|refuse)\(\s*\"([a-z_0-9]+)\"", path.read_text()))
    assert "bad_task" in found, "the negative control: codes are found"
    assert sorted(found - set(REFUSALS)) == []
