"""The gateway: functions behind one port, with the cloud's limits, and the stack's own paths."""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import httpx
import pytest

from infra.local import punctual
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.local.running_stack import RunningStack


def test_a_request_reaches_its_function_untouched(running_stack: RunningStack) -> None:
    body = "olá 🥖 \\u00e9".encode() + bytes(range(256))
    headers = {"X-Hub-Signature-256": "sha256=AbC", "Content-Type": "text/x-own"}
    answer = running_stack.client.post("/echo/a%2Fb/c%20d?x=1%202&y", content=body, headers=headers)
    assert answer.headers["x-echo"] == "yes"
    got = answer.json()
    assert (got["method"], got["path"], got["query"]) == ("POST", "/a%2Fb/c%20d", "x=1%202&y")
    assert got["sha256"] == hashlib.sha256(body).hexdigest()
    names = dict(got["headers"])
    assert names["x-hub-signature-256"] == "sha256=AbC"
    assert names["content-type"] == "text/x-own"
    assert names["content-length"] == str(len(body))
    assert names["host"] == running_stack.client.base_url.netloc.decode()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_passes(running_stack: RunningStack, method: str) -> None:
    assert running_stack.client.request(method, "/echo").json()["method"] == method


def test_a_body_without_a_length_passes_as_it_comes(running_stack: RunningStack) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 10_000

    got = running_stack.client.post("/echo/", content=chunks()).json()
    assert got["length"] == 500_000


def test_an_answer_passes_as_it_comes(running_stack: RunningStack) -> None:
    began = time.monotonic()
    with running_stack.client.stream("GET", "/echo/stream") as answer:
        arrivals = [(chunk, time.monotonic() - began) for chunk in answer.iter_text()]
    assert "".join(chunk for chunk, _ in arrivals) == "0\n1\n2\n"
    assert arrivals[0][1] < arrivals[-1][1] - 0.25


def test_many_requests_at_once_each_get_their_own_answer(running_stack: RunningStack) -> None:
    def ask(number: int) -> str:
        path: str = running_stack.client.get(f"/echo/{number}").json()["path"]
        return path

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(200))) == [f"/{number}" for number in range(200)]


def test_a_body_over_32_mib_is_refused(running_stack: RunningStack) -> None:
    with socket.create_connection(_address(running_stack)) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 33554433\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_function_that_takes_too_long_is_answered_for_with_504(running_stack: RunningStack) -> None:
    began = time.monotonic()
    answer = running_stack.client.get("/echo/slow")
    assert answer.status_code == 504
    assert time.monotonic() - began < 3.5


def test_an_instance_that_dies_is_answered_for_and_replaced(running_stack: RunningStack) -> None:
    assert running_stack.client.post("/echo/die").status_code in {502, 503}
    eventually(lambda: running_stack.client.get("/echo").status_code == 200)


def test_a_function_whose_host_is_killed_answers_503_with_retry_after_until_it_is_back(
    running_stack: RunningStack,
) -> None:
    host = running_stack.stack.hosts["echo"]
    deaths = host.deaths
    assert host.pid is not None
    answers: list[httpx.Response] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            with contextlib.suppress(httpx.RemoteProtocolError):  # half of this answer was out: it is cut
                answers.append(running_stack.client.get("/echo"))

    asking = threading.Thread(target=keep_asking)
    asking.start()
    os.killpg(host.pid, signal.SIGKILL)
    eventually(lambda: host.deaths > deaths)
    eventually(lambda: running_stack.client.get("/echo").status_code == 200)
    stop.set()
    asking.join()
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert {answer.status_code for answer in answers} <= {200, 502, 503}


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /echo HT", b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"],
    ids=["nothing", "half a header", "half a body"],
)
def test_a_request_that_does_not_arrive_in_time_is_ended(
    running_stack: RunningStack, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(punctual, "ARRIVAL_SECONDS", 0.5)
    with socket.create_connection(_address(running_stack)) as connection:
        connection.settimeout(5)
        connection.sendall(sent)
        began = time.monotonic()
        answer = connection.recv(1000)
        assert answer.startswith(b"HTTP/1.1 408")
        assert connection.recv(1000) == b""
        assert 0.4 < time.monotonic() - began < 3


def test_slow_senders_do_not_hold_up_others(running_stack: RunningStack) -> None:
    half = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"
    slow = [socket.create_connection(_address(running_stack)) for _ in range(60)]
    try:
        for connection in slow:
            connection.sendall(half)
        assert running_stack.client.get("/echo").status_code == 200
        assert select.select(slow, [], [], 0)[0] == [], "none of them is answered yet"
    finally:
        for connection in slow:
            connection.close()


def test_a_connection_may_rest_between_requests_longer_than_a_request_may_take(
    running_stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(punctual, "ARRIVAL_SECONDS", 0.2)
    connection = HTTPConnection(*_address(running_stack))
    sockets = set()
    for _ in range(3):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
        sockets.add(connection.sock)
        time.sleep(0.3)  # the rest itself is what is tried
    connection.close()
    assert len(sockets) == 1


def test_health_says_whether_every_function_answers(running_stack: RunningStack) -> None:
    assert running_stack.client.get("/healthz").json() == {"ready": True, "waiting": []}


def test_the_page_for_people_needs_nothing_from_elsewhere(running_stack: RunningStack) -> None:
    page = running_stack.client.get("/").text
    assert "Funções · Functions" in page
    assert "://" not in page
    overview = running_stack.client.get("/overview").json()
    assert {function["name"] for function in overview["functions"]} == {"echo", "tick"}
    assert overview["queues"] == [{"name": "toys", "state": "running", "waiting": 0, "running": 0}]


def test_an_unknown_path_is_not_found(running_stack: RunningStack) -> None:
    answer = running_stack.client.get("/nothing/here")
    assert answer.status_code == 404
    assert answer.json() == {"error": "Not Found"}


def test_the_queues_faults_are_set_and_shown_by_path(running_stack: RunningStack) -> None:
    assert running_stack.client.post("/tasks/faults", json={"drop_share": 0.5}).json()["drop_share"] == 0.5
    assert running_stack.client.get("/tasks/faults").json()["drop_share"] == 0.5
    refused = running_stack.client.post("/tasks/faults", json={"drop_share": 5})
    assert (refused.status_code, "from 0 to 1" in refused.json()["error"]) == (400, True)
    assert running_stack.client.post("/tasks/faults", json={}).json()["drop_share"] == 0


def _address(running_stack: RunningStack) -> tuple[str, int]:
    url = running_stack.client.base_url
    assert url.port is not None
    return url.host, url.port
