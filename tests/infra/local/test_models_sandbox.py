"""The sandbox of a model's API: honest by itself, and bad when it is told to; what it accepted is on its invoice."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from infra.local.models.faults import GARBAGE, KINDS, REFUSALS
from tests.support.model_server import ModelServer, running_model_server

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED = {"number": 1, "title": "", "text": "Aos domingos fechamos."}
PROMPT = {"questions": ["abrem domingo?"], "passages": [CLOSED]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    with running_model_server(tmp_path_factory.mktemp("models")) as server:
        yield server


@pytest.fixture
def server(running: ModelServer) -> ModelServer:
    running.reset()
    return running


def ask(server: ModelServer, prompt: object = PROMPT, *, model: str = "m", timeout: float = 5) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": json.dumps(prompt)}]}
    headers = {"X-Client-Request-Id": "call-1"}
    return server.client.post("/v1/chat/completions", json=body, headers=headers, timeout=timeout)


def reply(answer: httpx.Response) -> dict[str, Any]:
    [call] = answer.json()["choices"][0]["message"]["tool_calls"]
    assert call["function"]["name"] == "reply"
    found: dict[str, Any] = json.loads(call["function"]["arguments"])
    return found


def test_it_answers_from_the_passage_that_fits_and_cites_it(server: ModelServer) -> None:
    other = {"number": 2, "title": "", "text": "Entregamos em Pinheiros."}
    said = reply(ask(server, {**PROMPT, "passages": [other, CLOSED]}))
    assert (said["text"], said["citations"], said["hand_over"]) == ("Aos domingos fechamos.", [1], None)


def test_it_asks_for_a_person_when_there_are_no_passages(server: ModelServer) -> None:
    said = reply(ask(server, {**PROMPT, "passages": []}))
    assert (said["text"], said["citations"], said["hand_over"]) == ("", [], "knowledge_gap")


def test_each_accepted_call_is_a_line_of_the_invoice_with_our_id(server: ModelServer) -> None:
    server.client.put("/prices", json={"m": {"input": "2.5", "output": 10}}).raise_for_status()
    usage = ask(server).json()["usage"]
    [line] = server.client.get("/invoice").json()["lines"]
    assert line["call_id"] == "call-1"
    assert (line["input_tokens"], line["output_tokens"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    expected = (Decimal("2.5") * usage["prompt_tokens"] + Decimal(10) * usage["completion_tokens"]) / 1_000_000
    assert Decimal(line["cost_usd"]) == expected == Decimal(server.sandbox.invoice.total_usd)


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_refused_is_not_billed(server: ModelServer, kind: str) -> None:
    server.set_faults(next=[kind], retry_after_seconds=7)
    answer = ask(server)
    assert answer.status_code == REFUSALS[kind]
    assert answer.headers.get("retry-after") == ("7" if kind == "rate_limited_with_delay" else None)
    assert server.lines == []
    assert ask(server).is_success


@pytest.mark.parametrize(("kind", "billed"), [("reset_before", 0), ("reset_after", 1)])
def test_a_connection_that_is_cut_after_acceptance_is_billed(server: ModelServer, kind: str, billed: int) -> None:
    server.set_faults(next=[kind])
    with pytest.raises(httpx.HTTPError):
        ask(server)
    assert [line.answered for line in server.lines] == [False] * billed


def test_a_call_that_hangs_is_billed_and_answers_nothing(server: ModelServer) -> None:
    server.set_faults(next=["hang"])
    with pytest.raises(httpx.ReadTimeout):
        ask(server, timeout=0.2)
    assert [line.answered for line in server.lines] == [False]


def test_an_endless_answer_goes_on_until_nobody_reads_it(server: ModelServer) -> None:
    server.set_faults(next=["endless"])
    size = 0
    with server.client.stream("POST", "/v1/chat/completions", json={"model": "m", "messages": []}) as answer:
        for piece in answer.iter_raw():
            size += len(piece)
            if size > 2_000_000:
                break
    assert size > 2_000_000


@pytest.mark.parametrize("kind", [kind for kind in GARBAGE if kind != "endless"])
def test_garbage_comes_with_a_200(server: ModelServer, kind: str) -> None:
    server.set_faults(next=[kind])
    assert ask(server).status_code == 200
    assert len(server.lines) == (0 if kind == "error_body" else 1)


def test_faults_are_one_models_when_they_are_told_so(server: ModelServer) -> None:
    server.set_faults(shares={"server_error": 1}, model="first")
    assert [ask(server, model=name).status_code for name in ("first", "second")] == [500, 200]


def test_a_share_of_the_calls_goes_wrong_the_same_way_again_with_the_same_seed(server: ModelServer) -> None:
    def statuses() -> list[int]:
        server.set_faults(shares={"server_error": 0.3, "unavailable": 0.2}, seed=7)
        return [ask(server).status_code for _ in range(20)]

    first = statuses()
    assert {200, 500, 503} == set(first)
    assert statuses() == first


@pytest.mark.parametrize(
    "wanted",
    [
        {"next": ["bad_mood"]},
        {"shares": {"empty": 2}},
        {"shares": {"empty": 0.6, "huge": 0.6}},
        {"mood": 1},
        {"next": 3},
    ],
)
def test_faults_that_do_not_exist_are_refused_with_what_would_be_right(
    server: ModelServer, wanted: dict[str, Any]
) -> None:
    answer = server.client.post("/faults", json=wanted)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_faults_are_shown_as_they_were_set(server: ModelServer) -> None:
    shown = server.client.post("/faults", json={"next": ["empty"], "delay_ms": 5}).json()
    assert shown["next"] == ["empty"]
    assert server.client.get("/faults").json() == shown
    assert set(REFUSALS) < set(KINDS)


def test_the_invoice_outlives_the_sandbox(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("kept")
    with running_model_server(folder) as server:
        ask(server)
    with running_model_server(folder) as again:
        assert len(again.lines) == 1
