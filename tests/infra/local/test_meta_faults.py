"""The Meta sandbox misbehaves as it is told to, and not otherwise."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.infra.local.meta_server import MetaServer


def test_without_faults_every_call_is_answered_and_every_status_comes(meta: MetaServer) -> None:
    """The negative control of the faults."""
    for number in range(20):
        assert meta.send(str(number)).status_code == 200
    eventually(lambda: len(meta.statuses()) == 60)
    assert [call["body"] for call in meta.calls()] == [str(number) for number in range(20)]


def test_a_dropped_answer_is_a_broken_connection_after_acceptance(meta: MetaServer) -> None:
    meta.set_faults(dropped_share=1.0, status_delay_ms=20)
    with pytest.raises(httpx.RemoteProtocolError):
        meta.send("lost on the way back", biz_opaque_callback_data="key")
    (call,) = meta.calls()
    assert (call["body"], call["answered"]) == ("lost on the way back", False)
    eventually(lambda: len(meta.statuses()) == 3)
    assert {status["biz_opaque_callback_data"] for status in meta.statuses()} == {"key"}


def test_an_error_comes_before_acceptance(meta: MetaServer) -> None:
    meta.set_faults(error_share=1.0)
    answer = meta.send()
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == 131000
    assert meta.calls() == []


@pytest.mark.parametrize(
    ("code", "status"), [(131047, 400), (130429, 400), (131056, 400), (190, 401), (131016, 500), (368, 403)]
)
def test_a_given_graph_error_refuses_every_call(meta: MetaServer, code: int, status: int) -> None:
    meta.set_faults(error_code=code)
    answer = meta.send()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert meta.calls() == []
    meta.set_faults()
    assert meta.send().status_code == 200


def test_a_delay_is_between_acceptance_and_answer(meta: MetaServer) -> None:
    meta.set_faults(delay_ms=400)
    with pytest.raises(httpx.ReadTimeout):
        meta.client.post("/v24.0/1/messages", timeout=0.1, **_message())
    assert len(meta.calls()) == 1
    began = time.monotonic()
    assert meta.send().status_code == 200
    assert time.monotonic() - began >= 0.4


def _message() -> dict[str, Any]:
    return {
        "headers": {"Authorization": "Bearer EAAtoken-of-a-delay"},
        "json": {"messaging_product": "whatsapp", "to": "5511987654321", "type": "text", "text": {"body": "slow"}},
    }


def test_lost_statuses_never_come(meta: MetaServer) -> None:
    meta.set_faults(statuses_lost_share=1.0, status_delay_ms=0)
    meta.send("lost")
    meta.set_faults(status_delay_ms=0)
    meta.send("a control, whose statuses come")
    eventually(lambda: len(meta.statuses()) == 3)
    assert {call["wamid"] for call in meta.calls()} > {status["id"] for status in meta.statuses()}


def test_statuses_out_of_order_come_backwards(meta: MetaServer) -> None:
    meta.set_faults(statuses_out_of_order=True, status_delay_ms=20)
    meta.send()
    eventually(lambda: len(meta.statuses()) == 3)
    assert [status["status"] for status in meta.statuses()] == ["read", "delivered", "sent"]


def test_statuses_come_after_their_delay(meta: MetaServer) -> None:
    meta.set_faults(status_delay_ms=700)
    began = time.monotonic()
    meta.send()
    eventually(meta.statuses)
    assert meta.receiver.received[0].at - began >= 0.7


def test_a_share_of_faults_is_the_same_for_the_same_seed(meta: MetaServer) -> None:
    outcomes = []
    for _ in range(2):
        meta.set_faults(error_share=0.5, seed=7)
        outcomes.append([meta.send().status_code for _ in range(30)])
    assert outcomes[0] == outcomes[1]
    assert 5 < outcomes[0].count(500) < 25


def test_faults_are_shown_and_what_is_not_named_is_off(meta: MetaServer) -> None:
    meta.set_faults(error_share=0.25, delay_ms=5)
    shown = meta.client.get("/faults").json()
    assert (shown["error_share"], shown["delay_ms"], shown["dropped_share"]) == (0.25, 5, 0)
    meta.set_faults(dropped_share=0.1)
    assert meta.client.get("/faults").json()["error_share"] == 0


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"dropped_share": 2}, "dropped_share = 2 is not a share"),
        ({"error_share": "0.1"}, "error_share"),
        ({"delay_ms": -1}, "delay_ms = -1 is out of range"),
        ({"error_code": 42}, "error_code = 42 is not a Graph error"),
        ({"statuses_out_of_order": "yes"}, "statuses_out_of_order"),
        ({"speed": 1}, "speed is not a fault"),
    ],
)
def test_impossible_faults_are_refused_with_what_would_be_right(
    meta: MetaServer, wanted: dict[str, Any], complaint: str
) -> None:
    meta.set_faults(error_share=0.5)
    answer = meta.set_faults(**wanted)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]
    assert meta.client.get("/faults").json()["error_share"] == 0.5
