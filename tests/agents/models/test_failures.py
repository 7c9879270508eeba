"""What goes wrong with models (L1 to L3) and what becomes of answer and ledger, over HTTP with a real client."""

from __future__ import annotations

import contextlib
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from shared.agents.models.service import ModelService
from tests.agents.models.turns import settings_for

if TYPE_CHECKING:
    from tests.agents.models.turns import Shop
    from tests.support.model_server import ModelServer

FIRST, SECOND = "compatible:first", "openai:second"
WITH_FALLBACK = {"primary_model": FIRST, "fallback_model": "second"}
QUESTION = "vocês abrem no domingo?"

# kind → the code in the ledger and whether the call is certainly not on the bill
TO_THE_FALLBACK = {
    "rate_limited": ("http_429", "failed"),
    "rate_limited_with_delay": ("http_429", "failed"),
    "server_error": ("http_500", "failed"),
    "bad_gateway": ("http_502", "failed"),
    "unavailable": ("http_503", "failed"),
    "overloaded": ("http_529", "failed"),
    "error_body": ("http_502", "failed"),
    "reset_before": ("connection_lost", "estimated"),
    "reset_after": ("connection_lost", "estimated"),
    "hang": ("timeout", "estimated"),
    "not_json": ("unreadable_answer", "estimated"),
}


@pytest.mark.parametrize("kind", TO_THE_FALLBACK)
def test_the_fallback_answers_when_the_primary_cannot(
    server: ModelServer, shop: Shop, impatient: ModelService, kind: str
) -> None:
    """Of A-05 and L1; each of the two calls is in the ledger by itself."""
    shop.configuration = WITH_FALLBACK
    shop.service = impatient if kind == "hang" else shop.service
    server.set_faults(shares={kind: 1}, model="first")
    answer = shop.answers(QUESTION)
    code, state = TO_THE_FALLBACK[kind]
    assert (answer.text, answer.model) == (shop.knowledge[0].content, SECOND)
    assert shop.ledger.states == [(FIRST, state, code), (SECOND, "succeeded", None)]


@pytest.mark.parametrize("kind", TO_THE_FALLBACK)
def test_a_person_is_called_when_no_model_can_answer(
    server: ModelServer, shop: Shop, impatient: ModelService, kind: str
) -> None:
    shop.configuration = WITH_FALLBACK
    shop.service = impatient if kind == "hang" else shop.service
    server.set_faults(shares={kind: 1})
    answer = shop.answers(QUESTION)
    assert (answer.abstained, answer.reason) == (True, "model_unavailable")
    assert answer.text == "Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você."
    assert [model for model, _, _ in shop.ledger.states] == [FIRST, SECOND]  # once each, never again


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("bad_request", "model_unavailable"), ("unauthorized", "model_unavailable"), ("refusal", "model_refused")],
)
def test_what_another_model_must_not_decide_goes_to_a_person(
    server: ModelServer, shop: Shop, kind: str, reason: str
) -> None:
    """Of A-05: a refusal, a 400 and a 401 have no fallback."""
    shop.configuration = WITH_FALLBACK
    server.set_faults(shares={kind: 1}, model="first")
    answer = shop.answers(QUESTION)
    assert (answer.abstained, answer.reason) == (True, reason)
    assert [model for model, _, _ in shop.ledger.states] == [FIRST]


GARBAGE = (
    "empty",
    "invalid_json",
    "unknown_tool",
    "huge",
    "endless",
    "wrong_language",
    "surrogates",
    "huge_number",
)


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_asked_for_once_more(server: ModelServer, shop: Shop, kind: str) -> None:
    server.set_faults(next=[kind])
    answer = shop.answers(QUESTION)
    assert (answer.text, answer.abstained) == (shop.knowledge[0].content, False)
    assert len(server.calls) == len(shop.ledger.rows) == 2


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_after_a_repair_goes_to_a_person(server: ModelServer, shop: Shop, kind: str) -> None:
    """L2: exactly one repair, and nothing of it reaches the customer."""
    server.set_faults(shares={kind: 1})
    answer = shop.answers(QUESTION)
    assert (answer.abstained, answer.reason) == (True, "model_garbage")
    assert answer.text == "Já chamei uma pessoa da equipe da Padaria Aurora para continuar com você."
    assert len(server.calls) == len(shop.ledger.rows) == 2


def test_two_kinds_of_garbage_are_not_two_repairs(server: ModelServer, shop: Shop) -> None:
    for one, other in pairwise((*GARBAGE, *reversed(GARBAGE))):
        server.reset()
        server.set_faults(next=[one, other])
        assert shop.answers(QUESTION).reason == "model_garbage", (one, other)
        assert len(server.calls) == 2, (one, other)


def test_a_call_that_says_nothing_of_its_usage_is_an_estimate(server: ModelServer, shop: Shop) -> None:
    """L3."""
    server.set_faults(next=["usage_missing"])
    answer = shop.answers(QUESTION)
    [row] = shop.ledger.rows
    assert answer.text == shop.knowledge[0].content
    assert row.state == "estimated"
    assert row.usage is not None
    assert 0 < row.usage.input_tokens <= row.most.input_tokens
    assert 0 < row.usage.output_tokens <= row.most.output_tokens


def test_what_a_call_used_is_what_the_provider_bills(server: ModelServer, shop: Shop) -> None:
    shop.answers(QUESTION)
    [row], [line] = shop.ledger.rows, server.lines
    assert row.usage is not None
    assert (row.usage.input_tokens, row.usage.output_tokens) == (line.input_tokens, line.output_tokens)
    assert line.call_id == str(row.id)
    assert row.most.input_tokens >= line.input_tokens


def test_all_calls_of_an_answer_end_within_its_time(server: ModelServer, shop: Shop) -> None:
    """Two models that hang take their request's time each; a turn with less left takes less."""
    shop.configuration = WITH_FALLBACK
    shop.seconds = 1.6  # of which a second is kept for the commit and the send
    server.set_faults(shares={"hang": 1})
    turn = shop.turn(QUESTION)
    answer = shop.responder.answer(turn)
    assert answer.reason == "model_unavailable"
    assert turn.seconds_left() >= 0.8


def test_a_refused_connection_is_certainly_not_billed(shop: Shop, server: ModelServer) -> None:
    nobody = settings_for(server, openai_compatible_url="http://127.0.0.1:9/v1")
    with contextlib.closing(ModelService(nobody)) as service:
        shop.service = service
        answer = shop.answers(QUESTION)
    assert answer.reason == "model_unavailable"
    assert shop.ledger.states == [(FIRST, "failed", "no_connection")] * 2


@pytest.mark.parametrize("kind", ["rate_limited", "server_error", "overloaded", "error_body"])
def test_an_agent_with_one_model_asks_it_once_more_when_it_was_refused(
    server: ModelServer, shop: Shop, kind: str
) -> None:
    server.set_faults(next=[kind])
    answer = shop.answers(QUESTION)
    assert (answer.text, answer.abstained) == (shop.knowledge[0].content, False)
    assert [state for _, state, _ in shop.ledger.states] == ["failed", "succeeded"]


@pytest.mark.parametrize("kind", ["reset_after", "hang", "not_json", "bad_request"])
def test_what_may_be_on_the_bill_or_is_refused_for_ever_is_not_asked_again(
    server: ModelServer, shop: Shop, impatient: ModelService, kind: str
) -> None:
    shop.service = impatient if kind == "hang" else shop.service
    server.set_faults(next=[kind])
    assert shop.answers(QUESTION).reason == "model_unavailable"
    assert len(server.calls) == 1


@pytest.mark.parametrize(("wanted", "calls"), [(1, 2), (3600, 1)])
def test_a_pause_that_the_provider_asks_for_is_kept_unless_it_is_too_long(
    server: ModelServer, shop: Shop, wanted: float, calls: int
) -> None:
    server.set_faults(next=["rate_limited_with_delay"], retry_after_seconds=wanted)
    began = time.monotonic()
    shop.answers(QUESTION)
    assert len(server.calls) == calls
    assert (time.monotonic() - began >= wanted) is (calls == 2)
