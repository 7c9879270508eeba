"""What becomes of a transfer that failed, as one table: tried again after which pauses, or ended in which state.

Sources: Cloud API reference, "Media" (URLs live 5 minutes, ids of webhooks 7 days); a block of 30 minutes after 20
errors in 60 minutes (360dialog, "Media").
"""

from dataclasses import dataclass
from typing import Final

DAY: Final = 86_400.0
# A media id of a webhook is usable so long.
USABLE_SECONDS: Final = 7 * DAY
# Of 20 errors in 60 minutes none is left over: what runs now counts as an error until it ends.
MOST_ERRORS: Final = 20
ERROR_WINDOW_SECONDS: Final = 3600.0
# A worker that dies so often on one medium dies of it.
MOST_LOST: Final = 5

_SOON: Final = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
_HOURLY: Final = (300.0, 900.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Rule:
    """Pauses in seconds before each further attempt; when they are used up, `then`.

    `endless`: the last pause is repeated as long as the medium is usable. `counts`: the provider counts it as an error.
    """

    then: str
    pauses: tuple[float, ...] = ()
    endless: bool = False
    counts: bool = False


RULES: Final[dict[str, Rule]] = {
    # the provider's trouble, or the way to it
    "server_error": Rule("failed", _SOON, endless=True, counts=True),
    "timeout": Rule("failed", _SOON, endless=True, counts=True),
    "unreachable": Rule("failed", _SOON, endless=True),
    "rate_limited": Rule("failed", (30.0, 60.0, 300.0, 1800.0), endless=True, counts=True),
    "incomplete": Rule("failed", _SOON, endless=True),
    "bad_answer": Rule("failed", _SOON[:5], counts=True),
    # a person must connect the account again
    "unauthorized": Rule("failed", _HOURLY, endless=True, counts=True),
    "token_over": Rule("failed", _HOURLY, endless=True, counts=True),
    "no_token": Rule("failed", _HOURLY, endless=True),
    # our own storage or reader
    "storage_away": Rule("failed", _SOON, endless=True),
    # for ever
    "not_found": Rule("failed", counts=True),
    "link_expired": Rule("expired", counts=True),
    "too_old": Rule("expired"),
    "refused_by_provider": Rule("failed", _SOON[:2], counts=True),
    "unknown_object": Rule("failed", _SOON[:2], counts=True),  # the Graph API's 404, which it also says of new objects
    "no_source": Rule("failed"),
    "worker_lost": Rule("failed"),
    "connection_gone": Rule("failed"),
    "message_deleted": Rule("refused"),
    "too_large": Rule("refused"),
    "empty": Rule("refused", _SOON[:2]),
    "wrong_hash": Rule("refused", _SOON[:2]),  # damaged on its way, perhaps
    "wrong_size": Rule("refused", _SOON[:2]),
    "wrong_type": Rule("refused"),
    "host_not_allowed": Rule("refused"),
    "address_not_public": Rule("refused"),
    "encoded": Rule("failed", _SOON[:2]),
}


# What the Graph API's code says more exactly than its HTTP status (4xx); (code, subcode) comes before code.
GRAPH_CODES: Final[dict[int | tuple[int, int], str]] = {
    (100, 33): "unknown_object",
    **dict.fromkeys((0, 3, 10, 131005, *range(200, 300)), "unauthorized"),
    **dict.fromkeys((102, 190), "token_over"),
    **dict.fromkeys((4, 17, 32, 613, 80007, 130429), "rate_limited"),
    **dict.fromkeys((1, 2, 131000, 131016), "server_error"),
}


class Failed(Exception):
    """An attempt that did not store the medium. `code` is a key of RULES; `retry_after` the provider's wish.

    `body` is the beginning of the answer that said so; it is kept nowhere.
    """

    def __init__(self, code: str, detail: str, *, retry_after: float | None = None, body: bytes = b"") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.body = body

    @property
    def rule(self) -> Rule:
        """What becomes of it."""
        return RULES[self.code]


def pause_before_next(failed: Failed, *, attempt: int) -> float | None:
    """Seconds before the next attempt after attempt number `attempt` (from 1), or None when there is none."""
    rule = failed.rule
    if attempt > len(rule.pauses) and not rule.endless:
        return None
    pause = rule.pauses[min(attempt, len(rule.pauses)) - 1] if rule.pauses else None
    if pause is None:
        return None
    return max(pause, min(failed.retry_after or 0.0, ERROR_WINDOW_SECONDS))


def failed_by_status(status: int, *, has_id: bool, retry_after: float | None = None) -> Failed:
    """What an answer other than 2xx means; `has_id`: the URL was just made from a media id, so it cannot be old."""
    said = f"HTTP {status}"
    if status == 429:  # noqa: PLR2004 - too many requests
        return Failed("rate_limited", said, retry_after=retry_after)
    if status >= 500:  # noqa: PLR2004 - HTTP's own classes
        return Failed("server_error", said, retry_after=retry_after)
    if status in (404, 410):
        return Failed("not_found" if has_id else "link_expired", said)
    if status in (401, 403):
        return Failed("unauthorized" if has_id else "link_expired", said)
    if status == 408:  # noqa: PLR2004 - request timeout
        return Failed("timeout", said)
    return Failed("refused_by_provider", said)


def failed_by_graph(failed: Failed, answer: object) -> Failed:
    """The failure as the Graph API's error object tells it; the one by status when it tells nothing that is known."""
    error = answer.get("error") if isinstance(answer, dict) else None
    code, subcode = (error.get(name) for name in ("code", "error_subcode")) if isinstance(error, dict) else (None, None)
    if failed.code == "server_error" or not isinstance(code, int) or isinstance(code, bool):
        return failed
    known = GRAPH_CODES.get((code, subcode)) if isinstance(subcode, int) else None
    known = known or GRAPH_CODES.get(code)
    return Failed(known, f"Graph error {code}", retry_after=failed.retry_after) if known else failed
