"""Plays the scenes against a stack of its own, watches what comes of each, and says whether it is what should come."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx

from infra.cli.demo.checks import check_outcome
from infra.cli.demo.customer import Customer, pause
from infra.cli.demo.facts import Outcome, Said, Step
from infra.cli.demo.observation import Observation
from infra.cli.demo.scenes import CUSTOMER_NAME, SCENES, Scene
from infra.cli.demo.screenplay import Screenplay
from infra.cli.knowing import import_demo_knowledge
from infra.cli.language import say
from infra.cli.refusals import refused
from infra.cli.screen import print_json
from infra.cli.stack_process import StackProcess

KNOWLEDGE = Path(__file__).resolve().parent.parent / "demo_knowledge"
REPLY_SECONDS = 30.0  # a reply comes after about three; a slow machine under load gets ten times as long
LOOK_SECONDS = 0.05


def play_demo(*, as_json: bool, data_dir: Path | None) -> bool:
    """Play it and print it; returns whether every expectation held.

    Raises:
        CommandFailed: the stack did not start, or a scene had no end in time.
    """
    began = time.monotonic()
    outcome = Outcome()
    with _folder(data_dir) as folder, Screenplay(silent=as_json) as screenplay:
        stack = StackProcess(folder)
        try:
            with screenplay.doing(say("Starting PostgreSQL, the queue, storage, Meta's sandbox and the functions")):
                stack.start()
            outcome.timings["start_seconds"] = round(time.monotonic() - began, 2)
            _play(stack, outcome, screenplay)
        finally:
            with screenplay.doing(say("Stopping")):
                stack.stop()
        outcome.timings["total_seconds"] = round(time.monotonic() - began, 2)
        if as_json:
            print_json(outcome.as_data())
        else:
            screenplay.show_outcome(outcome)
    return outcome.passed


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    """Give the folder that was asked for, or one that is removed afterwards."""
    if data_dir is not None:
        yield data_dir
        return
    folder = Path(tempfile.mkdtemp(prefix="departments-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _play(stack: StackProcess, outcome: Outcome, screenplay: Screenplay) -> None:
    told = {name: value for name, value in stack.ready["demo"].items() if not name.endswith(("_secret", "_token"))}
    outcome.organization = {**told, "knowledge_folder": str(KNOWLEDGE)}
    with screenplay.importing() as progress:
        outcome.knowledge = import_demo_knowledge(
            KNOWLEDGE,
            ready_file=stack.ready_file,
            organization_id=stack.ready["demo"]["organization_id"],
            tell=progress,
        )
    observation = Observation(stack.ready)
    try:
        with httpx.Client(trust_env=False) as client:
            customer = Customer(stack.ready, client)
            shaken = customer.shake_hands()
            stage = _Stage(customer=customer, observation=observation, outcome=outcome, screenplay=screenplay)
            for scene in SCENES:
                stage.play(scene)
            accepted = len(customer.received())
        outcome.checks = check_outcome(outcome, handshake=shaken, accepted=accepted)
    finally:
        observation.close()


@dataclass(kw_only=True)
class _Stage:
    """The customer, the watching database and the screen, for one conversation."""

    customer: Customer
    observation: Observation
    outcome: Outcome
    screenplay: Screenplay
    began: float = field(default_factory=time.monotonic)

    def play(self, scene: Scene) -> None:
        """Play one scene and keep what came of it."""
        step = Step(name=scene.name, title=say(scene.title))
        self.screenplay.begin_scene(len(self.outcome.steps) + 1, step.title)
        since, before = self.observation.moment(), self.observation.counts()
        runs, calls = len(self.observation.round_trips()), len(self.customer.received())
        self._write(scene, step)
        if scene.comes != "nothing":
            with self.screenplay.doing(say("Waiting for the reply and its delivery")):
                self._await_reply(scene, since=since, runs=runs, calls=calls)
        replies = self.customer.received()[calls:]
        step.replies = [call["body"] or "" for call in replies]
        step.seconds_to_reply = round(self.customer.seconds_until(replies[0]), 2) if replies else None
        step.turns = self.observation.turns(since)
        step.round_trips = self.observation.round_trips()[runs:]
        step.statuses = self.observation.statuses(since)
        step.stored = self.observation.stored(since)
        step.rows = {table: rows - before[table] for table, rows in self.observation.counts().items()}
        for reply in step.replies:
            self._hear("department", reply, note=_note(step))
        self.outcome.steps.append(step)
        self.screenplay.end_scene(step)

    def _write(self, scene: Scene, step: Step) -> None:
        for position, text in enumerate(scene.texts):
            if position:
                pause(scene.pause_seconds)
            self._hear(CUSTOMER_NAME, text)
            step.sent.append(text)
            step.add_answer(self.customer.write(text))
        if scene.copies:  # as a provider does that had no answer
            with ThreadPoolExecutor(scene.copies) as threads:
                for answer in threads.map(lambda _: self.customer.deliver_again(), range(scene.copies)):
                    step.add_answer(answer)

    def _await_reply(self, scene: Scene, *, since: datetime, runs: int, calls: int) -> None:
        _wait(lambda: len(self.customer.received()) > calls, what=say("no reply to {scene}", scene=scene.name))
        _wait(
            lambda: self.observation.all_read(since) and len(self.observation.round_trips()) > runs,
            what=say("no delivery of the reply to {scene}", scene=scene.name),
        )

    def _hear(self, speaker: str, text: str, *, note: str = "") -> None:
        line = Said(seconds=round(time.monotonic() - self.began, 2), speaker=speaker, text=text, note=note)
        self.outcome.transcript.append(line)
        self.screenplay.show_line(line)


def _note(step: Step) -> str:
    turn = step.turns[0] if step.turns else None
    outcome = f"{turn.outcome}, {turn.model}, {turn.own_milliseconds} ms" if turn else ""
    return " · ".join(part for part in (outcome, "→".join(step.statuses)) if part)


def _wait(happened: Callable[[], bool], *, what: str) -> None:
    give_up = time.monotonic() + REPLY_SECONDS
    while not happened():
        if time.monotonic() > give_up:
            raise refused("demo_stuck", what=what, seconds=REPLY_SECONDS)
        time.sleep(LOOK_SECONDS)
