"""A-10, H-05: measured on frozen sentences: the gates let good replies through and stop bad ones."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from shared.agents.extractive import excerpt
from shared.agents.gates import order
from shared.agents.gates.models import Draft
from shared.agents.gates.order import GATES, judge
from shared.knowledge.models import Passage
from tests.agents.gates.drafts import bad, good

_REPOSITORY = Path(__file__).resolve().parents[3]
# One good reply of a hundred may be given to a person for nothing.
_FALSE_POSITIVES = 0.01
_DETECTED = dict.fromkeys((gate.name for gate in GATES if gate.name != "loop"), 1.0) | {"amounts": 0.96}
# Of one core; the median of a machine that does other things too.
_MOST_SECONDS = 0.002


def _vetoes(draft: Draft) -> list[str]:
    return [verdict.gate for verdict in judge(draft) if not verdict.passed]


def test_at_most_one_good_reply_of_a_hundred_is_stopped() -> None:
    """A-10: three hundred replies of clothes, food and services."""
    drafts = good()
    stopped = [(draft.text, vetoes) for draft in drafts if (vetoes := _vetoes(draft))]
    assert len(drafts) >= 300
    assert len(stopped) <= _FALSE_POSITIVES * len(drafts), stopped


def test_each_gate_stops_what_it_is_for() -> None:
    """A-10, H-05: no fewer than its floor of the bad replies that were written for it."""
    of, stopped, missed = Counter[str](), Counter[str](), []
    for gate, draft in bad():
        of[gate] += 1
        if gate in _vetoes(draft):
            stopped[gate] += 1
        else:
            missed.append((gate, draft.text))
    assert of.keys() == _DETECTED.keys()
    assert not {gate for gate in of if stopped[gate] < _DETECTED[gate] * of[gate]}, missed


@pytest.mark.parametrize("missing", sorted(_DETECTED))
def test_without_a_gate_its_bad_replies_are_not_all_stopped(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """The negative control: no gate is only there because another one does its work."""
    monkeypatch.setattr(order, "GATES", tuple(gate for gate in GATES if gate.name != missing))
    assert not all(_vetoes(draft) for gate, draft in bad() if gate == missing)


def test_what_is_cut_from_the_knowledge_passes() -> None:
    """The responder without a model quotes: every section of every article here, in each of its cuts."""
    folders = ("tests/evaluation", "tests/knowledge", "infra/cli/demo_knowledge")
    articles = [path for folder in folders for path in sorted((_REPOSITORY / folder).rglob("*.md"))]
    sections = [text for path in articles for text in re.split(r"\n(?=#)", path.read_text(encoding="utf-8"))]
    stopped = []
    for section in (text.strip() for text in sections if text.strip()):
        passage = Passage(uuid4(), uuid4(), section.splitlines()[0], section, 1.0, 1, 1)
        for question in ("", "quanto custa e qual o prazo?"):
            draft = Draft(text=excerpt(passage, question), sources=(section,), asked=(question,), written=False)
            if vetoes := _vetoes(draft):
                stopped.append((draft.text, vetoes))
    assert len(sections) >= 200
    assert len(stopped) <= _FALSE_POSITIVES * 2 * len(sections), stopped


def test_all_gates_together_take_less_than_two_milliseconds() -> None:
    drafts = good()
    for draft in drafts:  # the passages of a business are read once and kept
        judge(draft)
    taken = []
    for draft in good():
        started = time.process_time()
        judge(draft)
        taken.append(time.process_time() - started)
    assert sorted(taken)[len(taken) // 2] < _MOST_SECONDS
