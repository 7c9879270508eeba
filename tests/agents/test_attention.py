"""A customer sees that the message was read and that an answer is being written; the answer never depends on it."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.agents.attention import MOST_AT_ONCE, Attention
from shared.agents.responder import Answer, Turn
from tests.agents.running import run
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.channels.outbox import Account
    from tests.support.conversations import Scene


class Provider:
    """Keeps what the customer was shown, as (message id, typing)."""

    def __init__(self, shows: Callable[[], bool] = lambda: True) -> None:
        self.shown: list[tuple[str, bool]] = []
        self.to: set[tuple[str, str, str]] = set()
        self._shows = shows

    def show_seen(
        self, account: Account, *, organization_id: object, recipient: str, message_id: str, typing: bool = False
    ) -> bool:
        del organization_id
        self.shown.append((message_id, typing))
        self.to.add((account.provider, account.account_identifier, recipient))
        return self._shows()


def answers_after(event: Callable[[], object]) -> ScriptedResponder:
    """A responder that first waits for `event`."""

    def script(_: Turn) -> Answer:
        event()
        return Answer(text="Sim.", model="scripted")

    return ScriptedResponder(script)


def newest_message(scene: Scene) -> str:
    found: str = scene.value(
        "SELECT external_message_id FROM platform.messages WHERE direction = 'inbound' ORDER BY seq DESC LIMIT 1"
    )
    return found


def test_a_quick_answer_marks_the_newest_message_as_read_and_shows_no_typing(scene: Scene) -> None:
    scene.says("oi", "vocês abrem domingo?")
    provider = Provider()
    responder = answers_after(lambda: eventually(lambda: provider.shown))
    run(scene, responder=responder, attend=Attention(provider.show_seen, patience=60.0))
    assert provider.shown == [(newest_message(scene), False)]
    assert provider.to == {("whatsapp", scene.tenant.phone_number_id, scene.customer)}


def test_typing_is_shown_again_until_the_answer_is_there_and_not_after_it(scene: Scene) -> None:
    scene.says("oi?")
    provider = Provider()
    responder = answers_after(lambda: eventually(lambda: len(provider.shown) >= 4))
    report = run(scene, responder=responder, attend=Attention(provider.show_seen, patience=0.0, typing=0.01))
    assert report.result == "answered"
    eventually(lambda: not [thread for thread in threading.enumerate() if "_attend" in thread.name])
    read, *typing = provider.shown
    assert read == (newest_message(scene), False)
    assert {shown for _, shown in typing} == {True}


def test_a_provider_that_does_not_answer_delays_no_answer(scene: Scene) -> None:
    scene.says("oi?")
    asked, over = threading.Event(), threading.Event()

    def never() -> bool:
        asked.set()
        return over.wait(30)

    sender = ScriptedSender()
    attend = Attention(Provider(never).show_seen)
    assert run(scene, responder=answers_after(lambda: asked.wait(10)), sender=sender, attend=attend).accepted == 1
    assert sender.texts == ["Sim."]
    assert not over.is_set()
    over.set()


def test_what_goes_wrong_is_no_concern_of_the_answer(scene: Scene) -> None:
    def fails() -> bool:
        raise RuntimeError("anything")

    for shows in (fails, lambda: False):
        scene.says("oi?")
        provider = Provider(shows)
        responder = answers_after(partial(eventually, partial(getattr, provider, "shown")))
        assert run(scene, responder=responder, attend=Attention(provider.show_seen, patience=0.0)).accepted == 1
        assert len(provider.shown) == 1  # what was refused once is not tried again


def test_an_agent_may_be_told_to_show_nothing(scene: Scene) -> None:
    scene.execute("UPDATE departments.agents SET configuration = configuration || '{\"show_seen\": false}'")
    scene.says("oi?")
    provider = Provider()
    assert run(scene, attend=Attention(provider.show_seen)).accepted == 1
    assert provider.shown == []


def test_a_slow_provider_gathers_no_threads(scene: Scene) -> None:
    """Beyond the limit turns are answered without it."""
    over = threading.Event()
    provider = Provider(lambda: over.wait(30))
    attend = Attention(provider.show_seen)
    taken: list[Any] = []

    def script(turn: Turn) -> Answer:
        while len(taken) < MOST_AT_ONCE + 1:
            context = attend(turn.claimed)
            context.__enter__()
            taken.append(context)
        return Answer(text="Sim.", model="scripted")

    scene.says("oi?")
    assert run(scene, responder=ScriptedResponder(script), attend=attend).accepted == 1
    eventually(lambda: len(provider.shown) == MOST_AT_ONCE)
    for context in taken:
        context.__exit__(None, None, None)
    over.set()
    eventually(lambda: not [thread for thread in threading.enumerate() if "_attend" in thread.name])
    assert len(provider.shown) == MOST_AT_ONCE
