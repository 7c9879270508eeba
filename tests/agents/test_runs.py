"""What agents do without a customer's message: each due time is one run, whatever is repeated, late or broken."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from shared.agents.run_queries import ask_for_run
from shared.kit.errors import Rejected
from tests.support.conversations import Scene, scene_in
from tests.support.runs import Tasks, Worked, add_builder, runs_of, swept, work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.support.database import Database


@pytest.fixture
def scene(database: Database) -> Iterator[Scene]:
    with scene_in(database) as found:
        yield found


def asked(scene: Scene, agent_id: UUID) -> UUID:
    run_id = uuid4()
    state = ask_for_run(
        scene.application, organization_id=scene.organization_id, agent_id=agent_id, run_id=run_id, data={}
    )
    assert state == "queued"
    return run_id


def test_an_agent_that_is_due_runs_once_and_its_next_time_is_ahead(scene: Scene) -> None:
    agent_id = add_builder(scene, due="3 minutes")
    tasks, worked = Tasks(), Worked()
    counts = swept(scene, tasks)
    assert (counts["begun"], counts["woken"]) == (1, 1)
    [[run_id, agent]] = runs_of(scene, "id", "agent_id")
    assert agent == agent_id
    assert tasks.asked[0]["payload"] == {
        "organization_id": str(scene.organization_id),
        "agent_id": str(agent_id),
        "run_id": str(run_id),
    }
    assert work(scene, run_id, worked)["result"] == "completed"
    assert work(scene, run_id, worked) == {"result": "idle", "reason": "completed"}
    assert worked.ended == [run_id]
    assert scene.value("SELECT next_scheduled_at > now() FROM departments.agents WHERE id = %s", agent_id)
    assert scene.rows(
        "SELECT trigger_type, status, outcome, output_data ->> 'found' FROM departments.agent_executions"
    ) == [["scheduled", "completed", "done", "1"]]
    assert scene.rows(
        "SELECT execution_count, success_count FROM departments.agent_activity WHERE agent_id = %s", agent_id
    ) == [[1, 1]]


def test_after_a_week_without_sweeps_one_run_catches_up(scene: Scene) -> None:
    """O-05."""
    add_builder(scene, {"triggers": [{"type": "scheduled", "cron": "0 * * * *"}]}, due="7 days")
    assert [swept(scene)["begun"] for _ in range(3)] == [1, 0, 0]


def test_twenty_sweeps_and_twenty_tasks_at_once_make_one_run(scene: Scene) -> None:
    add_builder(scene, due="1 minute")
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: swept(scene), range(20)))
    [[run_id]] = runs_of(scene, "id")
    begun = threading.Barrier(2, timeout=20)
    worked = Worked(during=lambda _: begun.wait())
    with ThreadPoolExecutor(20) as threads:
        tries = [threads.submit(work, scene, run_id, worked) for _ in range(20)]
        begun.wait()
        results = [each.result()["result"] for each in tries]
    assert results.count("completed") == 1
    assert worked.ended == [run_id]
    assert len(worked.tries) == 1


def test_two_makers_of_one_due_time_make_one_run(scene: Scene) -> None:
    """The negative control: without the compare on the agent's time the second call would make another."""
    agent_id = add_builder(scene, due="1 minute")
    [due_at] = scene.rows("SELECT next_scheduled_at FROM departments.agents WHERE id = %s", agent_id)[0]
    statement = (
        "SELECT agents.begin_runs(jsonb_build_array(jsonb_build_object('organization_id', CAST(:organization AS text),"
        " 'agent_id', CAST(:agent AS text), 'due_at', CAST(:due AS text), 'next_at', 'infinity')))"
    )
    values = {"organization": str(scene.organization_id), "agent": str(agent_id), "due": due_at.isoformat()}
    assert [scene.worker.system_once(statement, **values)[0][0] for _ in range(2)] == [1, 0]
    assert len(runs_of(scene, "id")) == 1


def test_a_worker_that_died_is_replaced_within_limits_and_then_the_run_has_failed(scene: Scene) -> None:
    """A run that is killed at any step is closed as a timeout, tried again, and visible when it failed for good."""
    agent_id = add_builder(scene)
    run_id = asked(scene, agent_id)
    for attempt in range(1, 4):
        claim = "SELECT agents.claim_run(:organization, :run, gen_random_uuid(), 0, 3) ->> 'attempt'"
        [[claimed]] = scene.application.tenant_once(
            scene.organization_id, claim, organization=scene.organization_id, run=run_id
        )
        assert claimed == str(attempt)
        assert swept(scene)["timed_out"] == 1
        scene.execute("UPDATE agents.agent_runs SET run_at = now() WHERE status = 'pending'")
    assert runs_of(scene, "status", "error_code", "attempts") == [["failed", "timeout", 3]]
    assert work(scene, run_id, Worked()) == {"result": "idle", "reason": "failed"}
    assert scene.rows("SELECT status, outcome FROM departments.agent_executions") == [["failed", "timeout"]] * 3
    assert scene.value("SELECT count(*) FROM audit.activity_logs WHERE action = 'agent.run_failed'") == 1


def test_a_worker_that_wakes_up_after_another_finished_writes_nothing(scene: Scene) -> None:
    run_id = asked(scene, add_builder(scene))
    second = Worked()

    def sleep_through_the_lease(_: object) -> None:
        scene.execute("UPDATE agents.agent_runs SET lease_until = now() - interval '1 second'")
        assert work(scene, run_id, second)["result"] == "waiting"
        scene.execute("UPDATE agents.agent_runs SET run_at = now()")
        assert work(scene, run_id, second)["result"] == "completed"

    first = Worked(during=sleep_through_the_lease)
    assert work(scene, run_id, first)["result"] == "stale"
    assert (first.ended, second.ended) == ([], [run_id])


def test_a_run_whose_end_cannot_be_written_has_not_ended(scene: Scene) -> None:
    run_id = asked(scene, add_builder(scene))

    assert work(scene, run_id, Worked(writes="SELECT 1 / 0"))["result"] == "waiting"
    assert runs_of(scene, "status", "attempts") == [["pending", 1]]
    assert scene.rows("SELECT status FROM departments.agent_executions") == [["failed"]]


def test_what_is_wrong_for_ever_is_not_tried_again(scene: Scene) -> None:
    run_id = asked(scene, add_builder(scene))

    def refuse(_: object) -> None:
        raise Rejected("nothing_to_read", "there is nothing to read")

    assert work(scene, run_id, Worked(during=refuse)) == {"result": "failed", "reason": "nothing_to_read"}
    assert runs_of(scene, "status", "error_code") == [["failed", "nothing_to_read"]]


def test_settings_that_do_not_hold_make_the_agent_an_error_and_no_run(scene: Scene) -> None:
    agent_id = add_builder(scene, {"trigers": []}, due="1 minute")
    assert swept(scene)["refused"] == 1
    [[status, reason, next_at]] = scene.rows(
        "SELECT status, status_reason, next_scheduled_at FROM departments.agents WHERE id = %s", agent_id
    )
    assert (status, next_at) == ("error", None)
    assert reason == "configuration.trigers is not a setting; did you mean triggers?"
    assert runs_of(scene, "id") == []


def test_a_run_by_hand_of_an_agent_with_wrong_settings_says_so(scene: Scene) -> None:
    run_id = asked(scene, add_builder(scene, {"trigers": []}))
    assert work(scene, run_id, Worked()) == {"result": "failed", "reason": "configuration_unusable"}


def test_one_agent_does_one_run_at_a_time(scene: Scene) -> None:
    agent_id = add_builder(scene)
    first, second = asked(scene, agent_id), asked(scene, agent_id)
    worked = Worked()
    during = Worked(during=lambda _: work(scene, second, worked))
    assert work(scene, first, during)["result"] == "completed"
    assert worked.tries == []
    assert runs_of(scene, "status") == [["completed"], ["pending"]]


def test_a_noisy_organization_leaves_room_for_the_others(scene: Scene, database: Database) -> None:
    """O-03."""
    for _ in range(5):
        add_builder(scene, due="1 hour")
    with scene_in(database) as quiet:
        add_builder(quiet, due="1 minute")
        tasks = Tasks()
        assert swept(scene, tasks, per_organization=2)["begun"] == 3
        assert str(quiet.organization_id) in [task["payload"]["organization_id"] for task in tasks.asked]


def test_a_burst_of_events_is_one_run_that_knows_of_all(scene: Scene) -> None:
    add_builder(scene, {"triggers": [{"type": "event", "event": "conversation.escalated"}]})
    add_builder(scene, {"triggers": [{"type": "event", "event": "conversation.resolved"}]})
    for _ in range(103):
        scene.execute(
            "INSERT INTO audit.activity_logs (organization_id, action, resource_id) VALUES (%s, %s, gen_random_uuid())",
            scene.organization_id,
            "conversation.escalated",
        )
    [[run_id, kind, data]] = runs_of(scene, "id", "trigger_type", "trigger_data")
    assert (kind, data["event"], data["times"], len(data["resource_ids"])) == (
        "event",
        "conversation.escalated",
        103,
        100,
    )
    assert swept(scene)["woken"] == 0, "a minute gathers the burst"
    scene.execute("UPDATE agents.agent_runs SET run_at = now()")
    assert work(scene, run_id, Worked())["result"] == "completed"


def test_the_queue_is_away_and_the_next_sweep_wakes_the_run(scene: Scene) -> None:
    add_builder(scene, due="1 minute")
    assert swept(scene, Tasks(away=True)) == {"begun": 1, "refused": 0, "timed_out": 0, "woken": 0}
    assert swept(scene)["woken"] == 1
