"""Every gate ends soon and without an error, whatever the text: also a hundred thousand characters made to be slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.agents.gates.models import Draft
from shared.agents.gates.order import GATES, Gate, judge

_SEEDS = (
    "a", "1", "1-1.", "1 a 1 ", "mil e ", "AAAA", "1/1/", "000000000-", "![", "a.",
    "equipe a ", "senha a", "R$ 1", "- . ",
)  # fmt: skip
_MIXED = (
    "".join(_SEEDS)
    + 'a@ %41 é rua a desconto http://a.b/ {" _a select a < chega sem um h t t p [.] a\u0301 \u200b я \n'
)
# Measured at less than 0.5 s of one core; what backtracks takes minutes.
_MOST_SECONDS = 3.0


def _hostile_texts() -> dict[str, str]:
    """A hundred thousand characters of everything, and twenty thousand of each thing."""
    return {"everything": (_MIXED * 100_000)[:100_000]} | {seed: (seed * 20_000)[:20_000] for seed in _SEEDS}


@pytest.mark.parametrize("gate", GATES, ids=[gate.name for gate in GATES])
def test_no_text_makes_a_gate_slow(gate: Gate) -> None:
    """Asked of each gate alone, without the limit of length that goes before it."""
    slow = {}
    for name, text in _hostile_texts().items():
        draft = Draft(text=text, customer=(text,), asked=(text,), instructions="abc " * 1000, most_characters=10**9)
        started = time.process_time()
        gate.check(draft)
        if (taken := time.process_time() - started) > _MOST_SECONDS:
            slow[name] = taken
    assert slow == {}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=300), source=st.text(max_size=100), customer=st.text(max_size=100))
def test_any_text_gets_a_verdict_of_each_gate(text: str, source: str, customer: str) -> None:
    draft = Draft(text=text, sources=(source,), customer=(customer,), asked=(customer,), instructions=source)
    verdicts = judge(draft)
    assert [verdict.gate for verdict in verdicts] in ([gate.name for gate in GATES], ["shape"])
    assert all((verdict.code is None) == verdict.passed for verdict in verdicts)
