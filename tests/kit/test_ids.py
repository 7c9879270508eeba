from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import RFC_4122, UUID

from shared.kit import ids
from shared.kit.ids import new_id

if TYPE_CHECKING:
    import pytest


def _milliseconds(identifier: UUID) -> int:
    return identifier.int >> 80


def test_an_id_is_a_uuid_of_version_7_made_now() -> None:
    before = time.time_ns() // 1_000_000
    identifier = new_id()
    assert (identifier.version, identifier.variant) == (7, RFC_4122)
    assert before <= _milliseconds(identifier) <= time.time_ns() // 1_000_000 + 1


def test_ids_rise_within_a_process_also_from_many_threads() -> None:
    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: [new_id() for _ in range(2000)], range(8)))
    assert all(batch == sorted(batch) for batch in batches)
    assert len({identifier for batch in batches for identifier in batch}) == 16_000


def test_ids_rise_when_the_clock_stands_still_or_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    moments = iter([now, now, now - 10**9, now - 10**12, now])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    made = [new_id() for _ in range(5)]
    assert made == sorted(set(made))


def test_an_overflowing_tail_goes_on_in_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    millisecond = time.time_ns() // 1_000_000 + 60_000
    monkeypatch.setattr(ids, "_last", (millisecond, (1 << 74) - 1))
    identifier = new_id()
    assert _milliseconds(identifier) == millisecond + 1
    assert (identifier.version, identifier.variant) == (7, RFC_4122)
    monkeypatch.undo()


def test_a_forked_child_does_not_repeat_its_parent() -> None:
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"".join(new_id().bytes for _ in range(100)))
        os._exit(0)
    mine = {new_id().bytes for _ in range(100)}
    os.waitpid(child, 0)
    theirs = os.read(reading, 1600)
    assert mine.isdisjoint(theirs[start : start + 16] for start in range(0, 1600, 16))
    os.close(reading)
    os.close(writing)
