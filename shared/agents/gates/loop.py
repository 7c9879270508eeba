"""Gate "loop" (version 1): two machines that answer each other are stopped; whoever writes like one meets a person.

The same question twice in a row that would get the same reply twice in a row; or answers that come, again and again,
faster than a person reads. The claim of a turn stops whoever gets too many replies in ten minutes (`too_many_replies`).
The agent's setting `loop_guard` (true without it) turns this gate off, for a number that machines write to.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from shared.agents.gates.models import Draft, Objection, Said
from shared.agents.gates.reading import compact, folded

RECENT_SECONDS: Final = 600.0
# From our reply's commit to the customer's next message: nobody receives, reads and writes in that time.
FASTEST_PERSON_SECONDS: Final = 2.0
MOST_FAST_ANSWERS: Final = 4


def check_loop(draft: Draft) -> Objection | None:
    """Objects to the reply that would go on with a loop."""
    if draft.settings.get("loop_guard") is False:
        return None
    recent = [said for said in draft.history if said.age is not None and said.age <= RECENT_SECONDS]
    if _fast_answers(recent) >= MOST_FAST_ANSWERS:
        return Objection("fast_answers")
    return Objection("identical") if _is_identical(draft, recent) else None


def _fast_answers(recent: Sequence[Said]) -> int:
    return sum(
        ours.sender == "ai"
        and theirs.sender == "customer"
        and ours.age is not None
        and theirs.age is not None
        and ours.age - theirs.age < FASTEST_PERSON_SECONDS
        for ours, theirs in pairwise(recent)
    )


def _is_identical(draft: Draft, recent: Sequence[Said]) -> bool:
    """Whether the last exchange was the same question and the same reply."""
    ours: list[str] = []
    theirs: list[str] = []
    for said in reversed(recent):
        if said.sender == "ai" and not theirs:
            ours.insert(0, said.text)
        elif said.sender == "customer" and ours:
            theirs.insert(0, said.text)
        else:
            break
    return bool(ours and theirs) and _same(ours, [draft.text]) and _same(theirs, draft.asked)


def _same(left: Sequence[str], right: Sequence[str]) -> bool:
    return compact(folded(" ".join(left))) == compact(folded(" ".join(right)))
