"""One task per conversation that has something to answer, enqueued after the answers of its group.

A failure is only logged: the sweep finds every conversation that is due and was not woken. Cloud Run gives an instance
processor time after its answers only when its CPU is always allocated; without that the sweep does this work.
"""

from collections.abc import Sequence
from functools import partial
from itertools import cycle

from shared.channels.deliveries import WakeUp
from shared.conversations.wake_ups import Wakes, wake_conversation
from shared.kit.crash_points import crash_point
from shared.platform.wake_ups import WakeUps

LANES = 2  # a call takes 5 to 20 ms: a few hundred a second, and more would take the processor from intake


class TurnWakeUps:
    """Enqueues in threads of its own, of which the first call makes the first."""

    def __init__(self, queue: Wakes, *, url: str) -> None:
        """Take the queue and the URL of `agent_execution`."""
        self._queue = queue
        self._url = url
        self._all_lanes = [WakeUps() for _ in range(LANES)]
        self._lanes = cycle(self._all_lanes)

    def send(self, wake_ups: Sequence[WakeUp]) -> None:
        """Enqueue the wake-ups as soon as possible; returns at once."""
        for wake_up, lane in zip(wake_ups, self._lanes, strict=False):
            lane.later(partial(self._enqueue, wake_up))

    def close(self) -> None:
        """Make the calls that wait, then end the threads."""
        for lane in self._all_lanes:
            lane.close()

    def _enqueue(self, wake_up: WakeUp) -> None:
        wake_conversation(
            self._queue,
            url=self._url,
            organization_id=wake_up.organization_id,
            conversation_id=wake_up.conversation_id,
            at=wake_up.run_at,
            reason=wake_up.run_at.isoformat(),
        )
        crash_point("intake-enqueued")
