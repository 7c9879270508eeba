"""What becomes of work that failed, as one table: tried again after which pauses, or ended in which state."""

from dataclasses import dataclass
from typing import Final

_SOON: Final = (5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)  # two hours in all: a site that is down comes back, or is gone
# A worker that dies so often on one document dies of it.
MOST_LOST: Final = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """Pauses in seconds before each further attempt; when they are used up, `then`."""

    then: str
    pauses: tuple[float, ...] = ()


RULES: Final[dict[str, Rule]] = {
    # the other side's trouble, or the way to it
    "server_error": Rule("failed", _SOON),
    "timeout": Rule("failed", _SOON),
    "unreachable": Rule("failed", _SOON),
    "incomplete": Rule("failed", _SOON),
    "rate_limited": Rule("failed", (60.0, 300.0, 900.0, 3600.0)),
    "bad_answer": Rule("failed", _SOON[:2]),
    # our own storage, or the model that embeds
    "storage_away": Rule("failed", _SOON),
    "embedding_away": Rule("failed", _SOON),
    "spending_limit": Rule("failed", (3600.0, 21_600.0, 86_400.0)),  # of the organization: a day may be over by then
    "rival": Rule("failed", _SOON),  # somebody else writes the same source
    "upload_incomplete": Rule("failed", _SOON[:4]),  # the row came first; its bytes come within a moment or never
    # for ever
    "not_found": Rule("failed"),
    "link_expired": Rule("failed"),
    "refused_by_site": Rule("failed"),
    "worker_lost": Rule("failed"),
    "encoded": Rule("failed"),
    "host_not_allowed": Rule("refused"),
    "address_not_public": Rule("refused"),
    "wrong_type": Rule("refused"),
    "source_deleted": Rule("refused"),
}


class Failed(Exception):
    """An attempt that did not succeed. `code` is a key of RULES, or of a document's refusal, which is for ever."""

    def __init__(self, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after

    @property
    def rule(self) -> Rule:
        """What becomes of it."""
        return RULES.get(self.code, Rule("refused"))


def pause_before_next(failed: Failed, *, failures: int, endless: bool) -> float | None:
    """Seconds before the next attempt when `failures` failed before this one, or None when there is none.

    `endless`: the last pause is repeated for ever.
    """
    pauses = failed.rule.pauses
    if failures >= len(pauses) and not (endless and pauses):
        return None
    return max(pauses[min(failures, len(pauses) - 1)], min(failed.retry_after or 0.0, 3600.0))


def failed_by_status(status: int, retry_after: float | None, _body: bytes) -> Failed:
    """What a site's answer other than 200 means."""
    said = f"HTTP {status}"
    if status == 429:  # noqa: PLR2004 - too many requests
        return Failed("rate_limited", said, retry_after=retry_after)
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return Failed("server_error", said, retry_after=retry_after)
    if status in (404, 410):
        return Failed("not_found", said)
    if status == 408:  # noqa: PLR2004 - request timeout
        return Failed("timeout", said)
    return Failed("refused_by_site", said)
