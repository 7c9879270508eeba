"""Shows a customer that somebody reads and writes while a turn's answer is made.

A courtesy, in a thread of its own: the answer never waits for it, and what becomes of it is kept nowhere. The agent's
setting `show_seen` (true without it) turns it off.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol
from uuid import UUID

from shared.channels.outbox import Account, account_of
from shared.conversations.models import ClaimedTurn
from shared.platform.logs import get_logger

# An answer that comes sooner needs no "typing": it would only be shown after it.
PATIENCE_SECONDS: Final = 1.0
# The shortest time for which a channel shows it (Instagram and Messenger; WhatsApp: 25 s).
TYPING_SECONDS: Final = 20.0
# Turns of one instance that are attended to at once: a slow provider must not gather threads.
MOST_AT_ONCE: Final = 16

_log = get_logger(__name__)


class ShowSeen(Protocol):
    """`shared.channels.graph.GraphSender.show_seen`."""

    def __call__(
        self, account: Account, *, organization_id: UUID, recipient: str, message_id: str, typing: bool = False
    ) -> bool:
        """Marks a message as read, and shows that an answer is being written; whether it worked."""


class Attention:
    """One per process; calling it with a turn gives the context in which the answer is made."""

    def __init__(
        self, show_seen: ShowSeen, *, patience: float = PATIENCE_SECONDS, typing: float = TYPING_SECONDS
    ) -> None:
        self._show_seen = show_seen
        self._patience = patience
        self._typing = typing
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)

    @contextmanager
    def __call__(self, claimed: ClaimedTurn) -> Iterator[None]:
        """The newest message is marked as read at once, and "typing" is shown for as long as the answer takes."""
        message_id = claimed.messages[-1].external_id if claimed.messages else None
        wanted = claimed.configuration.agent_settings.get("show_seen") is not False
        if message_id is None or not wanted or not self._free.acquire(blocking=False):
            yield
            return
        answered = threading.Event()
        threading.Thread(target=self._attend, args=(claimed, message_id, answered), daemon=True).start()
        try:
            yield
        finally:
            answered.set()

    def _attend(self, claimed: ClaimedTurn, message_id: str, answered: threading.Event) -> None:
        where: dict[str, Any] = {
            "organization_id": claimed.organization_id,
            "recipient": claimed.recipient,
            "message_id": message_id,
        }
        try:
            account = account_of(claimed.connection)
            shown = self._show_seen(account, **where)
            pause = self._patience
            while shown and not answered.wait(pause):
                shown = self._show_seen(account, typing=True, **where)
                pause = self._typing
        except Exception as trouble:  # noqa: BLE001 - whatever happens here, the answer is what matters
            _log.warning("customer not shown that the message was read", failure=type(trouble).__name__)
        finally:
            self._free.release()
