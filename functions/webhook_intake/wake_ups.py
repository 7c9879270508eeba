"""A task for each conversation that has something to answer and each file to fetch, enqueued after the answers.

A failure is only logged: the sweep finds everything that is due and was not woken. Cloud Run gives an instance
processor time after its answers only when its CPU is always allocated; without that the sweep does this work.
"""

from collections.abc import Sequence
from functools import partial
from itertools import cycle

from shared.channels.deliveries import Transfer, WakeUp
from shared.conversations.wake_ups import Wakes, wake_conversation
from shared.kit.crash_points import crash_point
from shared.media.wake_ups import wake_transfer
from shared.platform.wake_ups import WakeUps

LANES = 2  # a call takes 5 to 20 ms: a few hundred a second, and more would take the processor from intake


class IntakeWakeUps:
    """Enqueues in threads of its own, of which the first call makes the first."""

    def __init__(self, queue: Wakes, *, turn_url: str, media_url: str) -> None:
        """Take the queue and the URLs of `agent_execution` and `media_transfer`."""
        self._queue = queue
        self._turn_url = turn_url
        self._media_url = media_url
        self._all_lanes = [WakeUps() for _ in range(LANES)]
        self._lanes = cycle(self._all_lanes)

    def send(self, wake_ups: Sequence[WakeUp | Transfer]) -> None:
        """Enqueue the wake-ups as soon as possible; returns at once."""
        for wake_up, lane in zip(wake_ups, self._lanes, strict=False):
            lane.later(partial(self._enqueue, wake_up))

    def close(self) -> None:
        """Make the calls that wait, then end the threads."""
        for lane in self._all_lanes:
            lane.close()

    def _enqueue(self, wake_up: WakeUp | Transfer) -> None:
        if isinstance(wake_up, Transfer):
            wake_transfer(
                self._queue,
                url=self._media_url,
                organization_id=wake_up.organization_id,
                transfer_id=wake_up.transfer_id,
                at=None,
                reason="received",
            )
        else:
            wake_conversation(
                self._queue,
                url=self._turn_url,
                organization_id=wake_up.organization_id,
                conversation_id=wake_up.conversation_id,
                at=wake_up.run_at,
                reason=wake_up.run_at.isoformat(),
            )
        crash_point("intake-enqueued")
