"""When each customer wrote last, which decides what may be sent: all within 24 hours, people's words within 7 days.

A customer of whom the sandbox knows nothing may be written to: most tests and the demo post their webhooks themselves.
"""

import time
from dataclasses import dataclass, field

from infra.local.meta.graph_errors import GraphError

HOUR_SECONDS = 3600
WINDOW_HOURS = 24
HUMAN_HOURS = 7 * 24
_OUTSIDE = {
    "messenger": (2018278, "This message is sent outside of allowed window."),
    "instagram": (2534022, "This message is sent outside of allowed window."),
}


@dataclass(slots=True)
class Windows:
    """Unix times of the last message, by channel, account and customer."""

    _wrote: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def clear(self) -> None:
        """Know nothing."""
        self._wrote.clear()

    def wrote(self, channel: str, account: str, customer: str, *, at: float | None) -> None:
        """The customer wrote then; None forgets it."""
        key = (channel, account, customer)
        if at is None:
            self._wrote.pop(key, None)
        else:
            self._wrote[key] = at

    def knows(self, channel: str, account: str, customer: str) -> bool:
        """Whether the customer has written here."""
        return (channel, account, customer) in self._wrote

    def is_open(self, channel: str, account: str, customer: str, *, hours: float = WINDOW_HOURS) -> bool:
        """Whether the last message is not older than that."""
        wrote = self._wrote.get((channel, account, customer))
        return wrote is None or time.time() - wrote < hours * HOUR_SECONDS

    def require_open(self, channel: str, account: str, customer: str, *, by_person: bool) -> None:
        """Refuse a message of Instagram or Messenger that comes too late.

        Raises:
            GraphError: 10 with the channel's subcode.
        """
        if not self.is_open(channel, account, customer, hours=HUMAN_HOURS if by_person else WINDOW_HOURS):
            subcode, message = _OUTSIDE[channel]
            raise GraphError(10, message=message, subcode=subcode)
