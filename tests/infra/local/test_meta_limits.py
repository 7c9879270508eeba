"""Windows, paces and lost echoes in the Meta sandbox: what may be sent when, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.infra.local.meta_server import CUSTOMER, PERSON, PHONE, TOKEN, MetaServer
from tests.support.waiting import eventually

TEMPLATE: dict[str, Any] = {"type": "template", "template": {"name": "retorno", "language": {"code": "pt_BR"}}}
HUMAN = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
OUTSIDE = {"instagram": (10, 2534022), "messenger": (10, 2018278)}

if TYPE_CHECKING:
    from collections.abc import Mapping


def _error(answer: httpx.Response) -> tuple[int, int | None]:
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")


def _wrote(meta: MetaServer, channel: str, *, hours_ago: float | None) -> None:
    customer = CUSTOMER if channel == "whatsapp" else PERSON
    wanted = {"channel": channel, "customer": customer, "hours_ago": hours_ago}
    assert meta.client.post("/windows", json=wanted).status_code == 204


def test_outside_the_window_whatsapp_accepts_and_fails_later_with_131047(meta: MetaServer) -> None:
    _wrote(meta, "whatsapp", hours_ago=25)
    assert meta.send(biz_opaque_callback_data="key").status_code == 200
    eventually(meta.statuses)
    (status,) = meta.statuses()
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131047)
    assert status["biz_opaque_callback_data"] == "key"
    assert status["errors"][0]["error_data"]["details"]


def test_outside_the_window_whatsapp_refuses_at_once_when_told_to(meta: MetaServer) -> None:
    _wrote(meta, "whatsapp", hours_ago=25)
    meta.set_faults(window_as_status=False)
    assert _error(meta.send())[0] == 131047
    assert meta.calls() == []


def test_a_template_passes_outside_the_window_and_is_paid_for(meta: MetaServer) -> None:
    _wrote(meta, "whatsapp", hours_ago=25)
    meta.send(**TEMPLATE)
    eventually(lambda: len(meta.statuses()) == 3)
    pricing = meta.statuses()[0]["pricing"]
    assert (pricing["billable"], pricing["category"]) == (True, "marketing")


def test_who_stopped_marketing_gets_no_template_but_answers_until_resuming(meta: MetaServer) -> None:
    """C-20: 131050, until the customer wants them again."""
    meta.happen(kind="stop")
    assert _error(meta.send(**TEMPLATE))[0] == 131050
    meta.restart()
    assert _error(meta.send(**TEMPLATE))[0] == 131050
    assert meta.send("an answer").status_code == 200
    meta.happen(kind="resume")
    assert meta.send(**TEMPLATE).status_code == 200


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
@pytest.mark.parametrize(
    ("hours_ago", "purpose", "passes"),
    [
        (None, {}, True),
        (23, {}, True),
        (25, {}, False),
        (25, HUMAN, True),
        (169, HUMAN, False),
    ],
)
def test_after_24_hours_a_person_may_write_for_7_days_and_nobody_else(
    meta: MetaServer, channel: str, hours_ago: float | None, purpose: Mapping[str, Any], *, passes: bool
) -> None:
    _wrote(meta, channel, hours_ago=hours_ago)
    answer = meta.write(channel, {"text": "oi"}, **purpose)
    if passes:
        assert answer.status_code == 200
    else:
        assert _error(answer) == OUTSIDE[channel]


@pytest.mark.parametrize("channel", ["whatsapp", "instagram", "messenger"])
def test_a_customer_who_writes_opens_the_window(meta: MetaServer, channel: str) -> None:
    meta.set_faults(window_as_status=False)
    _wrote(meta, channel, hours_ago=200)
    meta.happen(channel=channel, text="voltei")
    answer = meta.send() if channel == "whatsapp" else meta.write(channel, {"text": "oi"})
    assert answer.status_code == 200


def test_a_closed_window_survives_a_restart(meta: MetaServer) -> None:
    _wrote(meta, "messenger", hours_ago=25)
    meta.restart()
    assert _error(meta.write("messenger", {"text": "oi"})) == OUTSIDE["messenger"]


def test_a_number_that_sends_too_fast_is_refused_with_130429(meta: MetaServer) -> None:
    meta.set_faults(throughput_per_second=3, status_delay_ms=20)
    answers = [meta.send(to=f"551190000000{number}") for number in range(5)]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    assert 130429 in {_error(answer)[0] for answer in answers[3:] if answer.status_code == 400}


def test_too_many_messages_to_one_customer_are_refused_with_131056_and_others_are_not(meta: MetaServer) -> None:
    meta.set_faults(pair_burst=2, status_delay_ms=20)
    assert [meta.send().status_code for _ in range(2)] == [200, 200]
    assert _error(meta.send())[0] == 131056
    assert meta.send(to="5511900000001").status_code == 200


def test_a_page_that_sends_too_fast_is_refused_with_613(meta: MetaServer) -> None:
    meta.set_faults(pair_burst=1, status_delay_ms=20)
    meta.write("messenger", {"text": "a"})
    assert _error(meta.write("messenger", {"text": "b"}))[0] == 613


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
def test_the_faults_of_sending_are_the_same_on_every_channel(meta: MetaServer, channel: str) -> None:
    meta.set_faults(dropped_share=1.0, status_delay_ms=20)
    with pytest.raises(httpx.RemoteProtocolError):
        meta.write(channel, {"text": "lost on the way back", "metadata": "key"})
    (call,) = meta.calls()
    assert (call["body"], call["answered"]) == ("lost on the way back", False)
    meta.set_faults(error_share=1.0)
    assert meta.write(channel, {"text": "x"}).status_code >= 500
    meta.set_faults(error_code=10, error_subcode=2018278)
    assert _error(meta.write(channel, {"text": "x"})) == (10, 2018278)
    assert len(meta.calls()) == 1


def test_faults_of_one_channel_leave_the_others_alone(meta: MetaServer) -> None:
    meta.set_faults(channel="instagram", error_code=4, status_delay_ms=20)
    assert _error(meta.write("instagram", {"text": "x"}))[0] == 4
    assert meta.write("messenger", {"text": "x"}).status_code == 200
    assert meta.send().status_code == 200


def test_lost_echoes_never_come_and_lost_statuses_leave_the_echo(meta: MetaServer) -> None:
    meta.set_faults(echoes_lost_share=1.0, status_delay_ms=20)
    meta.write("messenger", {"text": "without an echo"})
    meta.set_faults(statuses_lost_share=1.0, status_delay_ms=20)
    meta.write("messenger", {"text": "an echo only"})
    eventually(lambda: len(meta.events()) == 3)
    echoes = [event["message"]["text"] for event in meta.events() if "message" in event]
    assert echoes == ["an echo only"]


def test_marketing_messages_take_templates_only(meta: MetaServer) -> None:
    payload = {"messaging_product": "whatsapp", "to": CUSTOMER, **TEMPLATE}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    path = f"/v24.0/{PHONE}/marketing_messages"
    assert meta.client.post(path, json=payload, headers=headers).status_code == 200
    text = {**payload, "type": "text", "text": {"body": "x"}}
    assert _error(meta.client.post(path, json=text, headers=headers))[0] == 100
