"""H-02, H-03: claim, return, resolve and the customer's message at once: one order of them, and no message lost."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from shared.agents.responder import Answer
from shared.conversations.handoffs import claim_handoff
from shared.kit.errors import Rejected
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.handoffs import ABSTAINING, give_back, handoffs, make_user, resolve, writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.conversations import Scene

ROUNDS = 12


def at_once(*acts: Callable[[], object]) -> None:
    """Runs them in threads that start together; what is refused is one of the orders."""
    together = threading.Barrier(len(acts))
    broken: list[Exception] = []

    def act(one: Callable[[], object]) -> None:
        together.wait()
        try:
            with contextlib.suppress(Rejected):
                one()
        except Exception as trouble:
            broken.append(trouble)
            raise

    threads = [threading.Thread(target=act, args=(one,)) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []


def test_of_two_people_who_claim_at_once_one_has_it(scene: Scene) -> None:
    scene.says("oi?")
    run(scene, responder=ABSTAINING)
    [[handoff_id]] = handoffs(scene, "id")
    people = [make_user(scene, name) for name in ("Ana", "Bia", "Caio")]
    taken: list[str] = []

    def claim(user_id: object) -> None:
        try:
            claim_handoff(
                scene.application,
                organization_id=scene.organization_id,
                handoff_id=handoff_id,
                user_id=user_id,  # type: ignore[arg-type]
            )
        except Rejected as refused:
            taken.append(refused.code)

    at_once(*(partial(claim, user_id) for user_id in people))
    assert taken == ["handoff_taken", "handoff_taken"]
    [[state, holder]] = handoffs(scene, "state", "claimed_by")
    assert (state, holder in people) == ("claimed", True)
    claim(holder)
    assert len(taken) == 2, "again is no change"


@pytest.mark.parametrize("with_claim", [True, False])
def test_whatever_happens_at_once_no_message_is_lost_and_none_answered_twice(scene: Scene, *, with_claim: bool) -> None:
    """Each customer's question is answered by the AI once after a return, or is in a resolved person's hands."""
    for n in range(ROUNDS):
        scene.customer = f"55117{n:08d}"
        scene.says("oi?")
        run(scene, responder=ABSTAINING)
        old = scene.conversation_id
        acts: list[Callable[[], object]] = [
            partial(give_back, scene, old),
            partial(resolve, scene, old),
            partial(scene.says, "e entregam?"),
        ]
        if with_claim:
            where = {"organization_id": scene.organization_id, "handoff_id": old}
            acts.append(partial(claim_handoff, scene.application, user_id=None, **where))
        at_once(*acts)
        sender = ScriptedSender()
        rows = scene.rows(
            "SELECT id, status, automation_state, last_in_seq, done_seq FROM platform.conversations"
            " WHERE customer_external_id = %s ORDER BY created_at",
            scene.customer,
        )
        for conversation_id, *_ in rows * 2:
            run(scene, sender=sender, conversation_id=conversation_id)
        [[state]] = scene.rows("SELECT state FROM platform.handoffs WHERE conversation_id = %s", old)
        assert state in {"returned", "resolved"}
        assert rows[0][1] == "resolved", "a return does not stop an end, which can follow it"
        assert len(sender.texts) <= 1
        if len(rows) == 2:
            assert sender.texts == ["re:1-1"], "the message began a conversation of its own"
        else:
            assert rows[0][3] == rows[0][4] == 2, "it was part of what the person ended"


def test_a_person_who_writes_and_a_return_are_one_order(scene: Scene) -> None:
    """The state, the hand-overs and what was said agree, whichever was first."""
    for n in range(ROUNDS):
        scene.customer = f"55116{n:08d}"
        scene.says("oi?")
        run(scene, responder=ABSTAINING)
        old = scene.conversation_id
        slow = ScriptedResponder(lambda _: Answer(text="da IA"))
        sender = ScriptedSender()
        scene.says("e entregam?")
        at_once(
            partial(give_back, scene, old),
            partial(writes, scene, "da Ana"),
            partial(run, scene, responder=slow, sender=sender, conversation_id=old),
        )
        for _ in range(2):
            run(scene, responder=slow, sender=sender, conversation_id=old)
        state, last, done = scene.conversation("automation_state", "last_in_seq", "done_seq")
        active = scene.rows("SELECT state FROM platform.handoffs WHERE conversation_id = %s AND closed_at IS NULL", old)
        if state == "human":
            assert active == [["claimed"]]
        else:
            assert (active, done) == ([], last)
        assert sender.texts.count("da Ana") == 1
        assert sender.texts.count("da IA") <= 1
