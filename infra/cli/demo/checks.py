"""What the demo expects, judged from what it saw."""

from infra.cli.demo.facts import Check, Outcome, Step
from infra.cli.demo.scenes import SCENES, Scene
from infra.cli.language import say

_OK = 200


def check_outcome(outcome: Outcome, *, handshake: bool, accepted: int) -> list[Check]:
    """Return every expectation and whether it held.

    Args:
        outcome: the steps, in the order of the scenes.
        handshake: whether Meta's challenge came back.
        accepted: how many messages the provider took for the customer altogether.
    """
    steps = {step.name: step for step in outcome.steps}
    expected = sum(scene.comes != "nothing" for scene in SCENES)
    return [
        _knowledge_imported(outcome),
        Check(name="handshake", expectation=say("Meta's handshake is answered"), held=handshake, found=""),
        _all_webhooks_accepted(outcome),
        *(
            check
            for number, scene in enumerate(SCENES, start=1)
            for check in _of_scene(scene, steps[scene.name], say("step {number}", number=number))
        ),
        Check(
            name="one_message_per_turn",
            expectation=say("the provider accepted exactly one message per turn"),
            held=accepted == expected,
            found=say("{accepted} of {expected}", accepted=accepted, expected=expected),
        ),
    ]


def _knowledge_imported(outcome: Outcome) -> Check:
    files, chunks = outcome.knowledge["files"], outcome.knowledge["chunks"]
    return Check(
        name="knowledge",
        expectation=say("every file of the business's knowledge is imported"),
        held=files > 0 and not outcome.knowledge["errors"],
        found=say("{files} files, {chunks} passages", files=files, chunks=chunks),
    )


def _all_webhooks_accepted(outcome: Outcome) -> Check:
    answers = [answer for step in outcome.steps for answer in step.webhook_answers]
    return Check(
        name="webhooks",
        expectation=say("every webhook is answered with 200"),
        held=bool(answers) and all(answer == _OK for answer in answers),
        found=say("{count} webhooks", count=len(answers)),
    )


def _of_scene(scene: Scene, step: Step, label: str) -> list[Check]:
    if scene.comes == "nothing":
        return [_nothing_new(step, label)]
    checks = [_one_turn(scene, step, label), _one_reply(scene, step, label), _delivered(step, label)]
    if scene.comes == "handoff":
        checks.append(_handed_over(step, label))
    return checks


def _one_turn(scene: Scene, step: Step, label: str) -> Check:
    return Check(
        name=f"{step.name}.one_turn",
        expectation=say("{step}: one turn answers all of it", step=label),
        held=[turn.messages for turn in step.turns] == [len(scene.texts)],
        found=", ".join(f"{turn.messages} → {turn.outcome}" for turn in step.turns),
    )


def _one_reply(scene: Scene, step: Step, label: str) -> Check:
    words = " + ".join(scene.reply_holds)
    return Check(
        name=f"{step.name}.one_reply",
        expectation=say("{step}: one reply, and it says: {words}", step=label, words=words),
        held=len(step.replies) == 1 and all(word in step.replies[0] for word in scene.reply_holds),
        found=str(len(step.replies)),
    )


def _delivered(step: Step, label: str) -> Check:
    return Check(
        name=f"{step.name}.delivered",
        expectation=say("{step}: the reply is sent, delivered and read, and each status is known", step=label),
        held=sorted(step.statuses) == ["delivered", "read", "sent"],
        found=", ".join(step.statuses),
    )


def _handed_over(step: Step, label: str) -> Check:
    states = [stored.state for stored in step.stored if stored.table == "platform.conversations"]
    return Check(
        name=f"{step.name}.handed_over",
        expectation=say("{step}: the conversation is handed to people", step=label),
        held=any(state.startswith("human/escalated") for state in states),
        found=", ".join(states),
    )


def _nothing_new(step: Step, label: str) -> Check:
    """Only the evidence of the deliveries themselves may be new."""
    new = {table: rows for table, rows in step.rows.items() if rows and table != "integrations.webhook_deliveries"}
    return Check(
        name=f"{step.name}.nothing_new",
        expectation=say("{step}: nothing but the deliveries themselves is stored", step=label),
        held=not new and not step.replies,
        found=", ".join(f"{table} +{rows}" for table, rows in new.items()),
    )
