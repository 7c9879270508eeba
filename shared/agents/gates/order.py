"""The gates in their order, and what they say of a draft together."""

from collections.abc import Callable
from typing import Final, NamedTuple

from shared.agents.gates.grounding import check_amounts
from shared.agents.gates.humanity import check_humanity
from shared.agents.gates.identifiers import check_identifiers
from shared.agents.gates.language import check_language
from shared.agents.gates.links import check_links
from shared.agents.gates.loop import check_loop
from shared.agents.gates.models import Draft, Objection, Verdict
from shared.agents.gates.personal import check_personal
from shared.agents.gates.promises import check_promises
from shared.agents.gates.readability import check_readability
from shared.agents.gates.secrets import check_secrets
from shared.agents.gates.shape import check_shape
from shared.agents.gates.traces import check_traces


class Gate(NamedTuple):
    """One check. Its version grows whenever it may judge differently: a stored verdict says which one it is of."""

    name: str
    version: int
    check: Callable[[Draft], Objection | None]


GATES: Final = (
    Gate("shape", 1, check_shape),
    Gate("loop", 1, check_loop),
    Gate("secrets", 1, check_secrets),
    Gate("identifiers", 1, check_identifiers),
    Gate("traces", 1, check_traces),
    Gate("links", 1, check_links),
    Gate("personal", 1, check_personal),
    Gate("amounts", 1, check_amounts),
    Gate("promises", 1, check_promises),
    Gate("humanity", 1, check_humanity),
    Gate("readability", 1, check_readability),
    Gate("language", 1, check_language),
)


def judge(draft: Draft) -> tuple[Verdict, ...]:
    """Every gate's verdict, in order. Without shape the others are not asked: their time is bounded by it."""
    verdicts: list[Verdict] = []
    for gate in GATES:
        objection = gate.check(draft)
        verdicts.append(
            Verdict(gate.name, gate.version, passed=True)
            if objection is None
            else Verdict(gate.name, gate.version, passed=False, code=objection.code, found=objection.found)
        )
        if objection is not None and gate.name == "shape":
            break
    return tuple(verdicts)
