"""Enqueues one task per conversation that has something to answer, after the commit and beside the answers.

A failure is only logged: the sweep finds every conversation that is due and was not woken. Cloud Run gives an instance
processor time after its answers only when its CPU is always allocated; without that the sweep does this work.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

from shared.platform.logs import get_logger
from shared.platform.queue import Queue

from shared.channels.deliveries import WakeUp
from shared.conversations.wake_ups import wake_conversation
from shared.kit.crash_points import crash_point
from shared.kit.errors import Unavailable

THREADS = 4  # a call to Cloud Tasks takes 5 to 20 ms: a few hundred a second, as many as one queue moves
WAITING_LIMIT = 5000  # what is over is left to the sweep

_log = get_logger(__name__)


class WakeUps:
    """Enqueues in threads of its own; `send` returns at once."""

    def __init__(self, queue: Queue, *, url: str) -> None:
        """Take the queue and the URL of `agent_execution`."""
        self._queue = queue
        self._url = url
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="wake-ups")
        self._room = BoundedSemaphore(WAITING_LIMIT)

    def send(self, wake_ups: Sequence[WakeUp]) -> None:
        """Enqueue the wake-ups as soon as possible; called from one thread at a time."""
        for sent, wake_up in enumerate(wake_ups):
            if not self._room.acquire(blocking=False):
                left = len(wake_ups) - sent
                _log.warning("wake-ups left to the sweep", wake_ups=left, reason="too many are waiting")
                break
            self._threads.submit(self._send, wake_up)

    def close(self) -> None:
        """Drop what waits (the sweep finds it) and let what is being sent finish."""
        self._threads.shutdown(cancel_futures=True)

    def _send(self, wake_up: WakeUp) -> None:
        conversation_id = wake_up.conversation_id
        try:
            wake_conversation(
                self._queue,
                url=self._url,
                organization_id=wake_up.organization_id,
                conversation_id=conversation_id,
                at=wake_up.run_at,
                reason=wake_up.run_at.isoformat(),
            )
        except Unavailable as unavailable:
            _log.warning("wake-up left to the sweep", conversation_id=str(conversation_id), reason=str(unavailable))
        except Exception:  # a defect here must not end the thread
            _log.exception("wake-up left to the sweep", conversation_id=str(conversation_id))
        finally:
            self._room.release()
        crash_point("intake-enqueued")
