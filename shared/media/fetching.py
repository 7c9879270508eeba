"""GET requests to Meta, guarded: its hosts and public addresses alone, and the bearer to few of them."""

from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from shared.media.hosts import origin_of
from shared.media.retrying import Failed, failed_by_status
from shared.platform.guarded_fetching import READ_SECONDS, TOTAL_SECONDS, Answer, GuardedFetching

if TYPE_CHECKING:
    from shared.platform.public_network import Resolve

__all__ = ["Answer", "Fetching"]


class Fetching:
    """One per process: it keeps connections. Threads share it."""

    def __init__(
        self,
        *,
        trusted: frozenset[str] = frozenset(),
        total_seconds: float = TOTAL_SECONDS,
        read_seconds: float = READ_SECONDS,
        resolve: "Resolve | None" = None,
    ) -> None:
        """`trusted`: origins (see hosts.origin_name) that are configured and may be anywhere."""
        self._guarded = GuardedFetching(
            allow=partial(origin_of, trusted=trusted),
            fail=Failed,
            trusted=trusted,
            total_seconds=total_seconds,
            read_seconds=read_seconds,
            resolve=resolve,
        )

    def get(self, url: str, *, token: str | None, has_id: bool) -> AbstractContextManager[Answer]:
        """Open one answer; `token` goes to hosts that take it. Raises Failed, also while the pieces are read."""

        def refused(status: int, retry_after: float | None, body: bytes) -> Failed:
            failed = failed_by_status(status, has_id=has_id, retry_after=retry_after)
            failed.body = body
            return failed

        return self._guarded.get(url, refused=refused, token=token)

    def close(self) -> None:
        """Close the kept connections."""
        self._guarded.close()
