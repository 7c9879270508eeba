"""How tasks reach their worker: headers, token, retries, concurrency, rate, deadlines."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from google.cloud import tasks_v2
from jwt import PyJWK

from infra.local.tokens import TokenSigner, new_private_key
from tests.infra.local.task_server import EMAIL, ISSUER, TaskServer, duration, timestamp
from tests.infra.local.worker import Answer, Received
from tests.support.waiting import eventually

QUICK_RETRY = {"min_backoff": duration(0.1), "max_backoff": duration(0.4), "max_doublings": 5}


def test_the_request_is_as_the_task_says_with_the_services_headers(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    task = tasks.client.create_task(
        parent=queue,
        task=tasks_v2.Task(
            http_request=tasks_v2.HttpRequest(
                url=f"{tasks.worker.url}/a%2Fb/c?x=1%202&y=é",
                http_method=tasks_v2.HttpMethod.PUT,
                headers={"Content-Type": "application/json", "X-CloudTasks-TaskRetryCount": "77", "X-Own": "kept"},
                body=b'{"ol\xc3\xa1": 1}',
            )
        ),
    )
    got = eventually(lambda: tasks.worker.received)[0]
    assert got.method == "PUT"
    assert got.path == "/a%2Fb/c?x=1%202&y=%C3%A9"
    assert got.body == b'{"ol\xc3\xa1": 1}'
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["X-Own"] == "kept"
    assert got.headers["User-Agent"] == "Google-Cloud-Tasks"
    assert got.headers["X-CloudTasks-QueueName"] == queue.rpartition("/")[2]
    assert got.headers["X-CloudTasks-TaskName"] == task.name.rpartition("/")[2]
    assert got.headers["X-CloudTasks-TaskRetryCount"] == "0"
    assert got.headers["X-CloudTasks-TaskExecutionCount"] == "0"
    assert float(got.headers["X-CloudTasks-TaskETA"]) == pytest.approx(time.time(), abs=5)


def test_the_token_is_verified_by_the_published_keys_and_names_account_and_audience(tasks: TaskServer) -> None:
    token = tasks_v2.OidcToken(service_account_email=EMAIL, audience="https://function.test")
    tasks.create(tasks.new_queue(), request={"oidc_token": token})
    sent = _bearer(eventually(lambda: tasks.worker.received)[0])
    claims = _verified(sent, tasks.signer, "https://function.test")
    assert jwt.get_unverified_header(sent)["kid"] == tasks.signer.certs()["keys"][0]["kid"]
    assert claims["email"] == EMAIL
    assert claims["email_verified"] is True
    assert claims["exp"] - claims["iat"] == 3600


def test_the_audience_is_the_address_when_none_is_given(tasks: TaskServer) -> None:
    tasks.create(tasks.new_queue(), request={"oidc_token": tasks_v2.OidcToken(service_account_email=EMAIL)})
    got = eventually(lambda: tasks.worker.received)[0]
    _verified(_bearer(got), tasks.signer, f"{tasks.worker.url}/work")


def test_a_token_of_another_key_is_not_verified(tasks: TaskServer) -> None:
    """The negative control of the tokens."""
    stranger = TokenSigner(private_key=new_private_key(), issuer=ISSUER)
    forged = stranger.token(audience="https://function.test", email=EMAIL)
    with pytest.raises(jwt.InvalidSignatureError):
        _verified(forged, tasks.signer, "https://function.test")


def test_a_task_waits_for_its_time(tasks: TaskServer) -> None:
    due = time.time() + 0.6
    tasks.create(tasks.new_queue(), schedule_time=timestamp(due))
    eventually(lambda: tasks.worker.received)
    assert due - 0.01 < time.time() < due + 1


def test_a_failed_task_is_tried_again_with_growing_pauses_until_it_succeeds(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(status=200 if len(tasks.worker.received) > 3 else 500)
    queue = tasks.new_queue(retry_config=QUICK_RETRY)
    tasks.create(queue)
    eventually(lambda: len(tasks.worker.received) == 4)
    times = [received.at for received in tasks.worker.received]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[0] >= 0.09
    assert pauses[1] >= 0.19
    assert pauses[2] >= 0.39
    last = tasks.worker.received[-1].headers
    assert last["X-CloudTasks-TaskRetryCount"] == "3"
    assert last["X-CloudTasks-TaskExecutionCount"] == "3"
    assert last["X-CloudTasks-TaskPreviousResponse"] == "500"
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))


def test_an_attempt_is_recorded_on_the_task(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(status=503)
    task = tasks.create(tasks.new_queue(retry_config={"min_backoff": duration(60)}))

    def attempted() -> tasks_v2.Task:
        found = tasks.client.get_task(name=task.name)
        assert found.response_count == 1
        return found

    found = eventually(attempted)
    assert found.dispatch_count == 1
    assert found.last_attempt.response_status.code == 14
    assert "503" in found.last_attempt.response_status.message
    assert found.schedule_time.timestamp() == pytest.approx(time.time() + 60, abs=5)


def test_a_task_is_given_up_only_when_attempts_and_duration_are_both_spent(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(status=500)
    queue = tasks.new_queue(retry_config={**QUICK_RETRY, "max_attempts": 2, "max_retry_duration": duration(1)})
    tasks.create(queue)
    began = eventually(lambda: tasks.worker.received)[0].at
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))
    assert time.monotonic() - began >= 1
    assert len(tasks.worker.received) >= 4


def test_without_a_duration_the_attempts_alone_decide(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(status=500)
    queue = tasks.new_queue(retry_config={**QUICK_RETRY, "max_attempts": 2})
    tasks.create(queue)
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))
    assert len(tasks.worker.received) == 2


def test_retry_after_makes_a_retry_wait_longer_than_its_pause(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(
        status=200 if len(tasks.worker.received) > 1 else 503, headers={"Retry-After": "1"}
    )
    tasks.create(tasks.new_queue(retry_config=QUICK_RETRY))
    eventually(lambda: len(tasks.worker.received) == 2)
    assert tasks.worker.received[1].at - tasks.worker.received[0].at >= 1


def test_a_worker_that_is_not_there_is_tried_again(tasks: TaskServer) -> None:
    queue = tasks.new_queue(retry_config={**QUICK_RETRY, "max_attempts": 3})
    tasks.client.create_task(
        parent=queue, task=tasks_v2.Task(http_request=tasks_v2.HttpRequest(url="http://127.0.0.1:9/"))
    )
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))


def test_nobody_listens_after_the_dispatch_deadline_and_the_task_is_tried_again(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(after=0 if len(tasks.worker.received) > 1 else 1.5)
    queue = tasks.new_queue(retry_config=QUICK_RETRY)
    tasks.client.pause_queue(name=queue)
    task = tasks.create(queue, dispatch_deadline=duration(15))
    _, entry = tasks.engine.task(task.name)
    entry.message.dispatch_deadline.FromMilliseconds(300)  # 15 s, the least that may be asked for, is long for a test
    tasks.client.resume_queue(name=queue)
    eventually(lambda: len(tasks.worker.received) == 2)
    assert tasks.worker.received[1].at - tasks.worker.received[0].at < 1.4
    eventually(lambda: not list(tasks.client.list_tasks(parent=queue)))


def test_no_more_tasks_run_at_once_than_the_queue_allows(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda _: Answer(after=0.2)
    queue = tasks.new_queue(rate_limits={"max_concurrent_dispatches": 5})
    tasks.client.pause_queue(name=queue)
    for _ in range(30):
        tasks.create(queue)
    tasks.client.resume_queue(name=queue)
    eventually(lambda: len(tasks.worker.received) == 30)
    assert tasks.worker.busiest == 5


def test_one_slow_task_does_not_stop_the_others(tasks: TaskServer) -> None:
    tasks.worker.answer = lambda received: Answer(after=1.5 if received.body == b"slow" else 0)
    queue = tasks.new_queue()
    tasks.create(queue, "slow")
    eventually(lambda: tasks.bodies() == ["slow"])
    for _ in range(20):
        tasks.create(queue, "quick")
    eventually(lambda: len(tasks.worker.received) == 21, within=1.2)


def test_tasks_leave_no_faster_than_the_queues_rate_after_its_burst(tasks: TaskServer) -> None:
    queue = tasks.new_queue(rate_limits={"max_dispatches_per_second": 20})
    tasks.client.pause_queue(name=queue)
    for _ in range(40):
        tasks.create(queue)
    tasks.client.resume_queue(name=queue)
    eventually(lambda: len(tasks.worker.received) == 40)
    times = [received.at for received in tasks.worker.received]
    assert times[-1] - times[0] >= 0.9  # a burst of 20, and the other 20 at 20 a second


def test_hundreds_of_tasks_a_second_are_created_and_delivered(tasks: TaskServer) -> None:
    queue = tasks.new_queue()
    began = time.process_time()  # queue, worker and clients are in this process; how busy the machine is does not count
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: tasks.create(queue, str(number)), range(400)))
    eventually(lambda: len(tasks.worker.received) == 400, within=60)
    assert sorted(map(int, tasks.bodies())) == list(range(400))
    assert time.process_time() - began < 4  # 100 a second; see docs for the measured figure


def _bearer(received: Received) -> str:
    return received.headers["Authorization"].removeprefix("Bearer ")


def _verified(token: str, signer: TokenSigner, audience: str) -> dict[str, Any]:
    (key,) = signer.certs()["keys"]
    claims: dict[str, Any] = jwt.decode(
        token, PyJWK.from_dict(key).key, algorithms=["RS256"], audience=audience, issuer=ISSUER
    )
    return claims
