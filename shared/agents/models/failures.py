"""What a failed model call means: whether another model may be asked, and whether it is on the bill."""

from dataclasses import dataclass
from typing import Final

from pydantic_ai.exceptions import ModelConnectionError, ModelHTTPError, ModelTimeoutError

from shared.agents.models.transport import AnswerTooLong
from shared.agents.responder import CallState

_TRY_LATER: Final = frozenset({408, 409, 429})
_SERVER: Final = 500
_BEFORE_THE_REQUEST: Final = frozenset({"pool", "connect"})
_MOST_LINKS: Final = 8


@dataclass(frozen=True, slots=True)
class CallFailure:
    """`code` for the ledger. `fallback`: another model may do better. `garbage`: an answer came that is none.

    `state` is 'failed' when it is certain that the call is not on the bill, else 'estimated'.
    """

    code: str
    state: CallState
    fallback: bool
    garbage: bool = False
    retry_after: float | None = None  # seconds that the provider asks for


class CallFailed(Exception):
    """A model call failed; what it means is `failure`."""

    def __init__(self, failure: CallFailure) -> None:
        super().__init__(failure.code)
        self.failure = failure


def failure_of(trouble: BaseException) -> CallFailure:
    """What it means (A-05): time, connection, 429 and 5xx may go to another model; 400, 401 and refusals may not."""
    if _caused_by(trouble, AnswerTooLong):
        return CallFailure("answer_too_long", state="estimated", fallback=False, garbage=True)
    if isinstance(trouble, ModelHTTPError):
        again = trouble.status_code in _TRY_LATER or trouble.status_code >= _SERVER
        code = f"http_{trouble.status_code}"
        return CallFailure(code, state="failed", fallback=again, retry_after=trouble.retry_after)
    if isinstance(trouble, ModelConnectionError):
        if trouble.phase in _BEFORE_THE_REQUEST:
            return CallFailure("no_connection", state="failed", fallback=True)
        code = "timeout" if isinstance(trouble, ModelTimeoutError) else "connection_lost"
        return CallFailure(code, state="estimated", fallback=True)
    if isinstance(trouble, TimeoutError):
        return CallFailure("timeout", state="estimated", fallback=True)
    # a 200 that is no completion, or what the provider's library could not read
    return CallFailure("unreadable_answer", state="estimated", fallback=True)


def _caused_by(trouble: BaseException, kind: type[BaseException]) -> bool:
    link: BaseException | None = trouble
    for _ in range(_MOST_LINKS):
        if link is None or isinstance(link, kind):
            break
        link = link.__cause__ or link.__context__
    return isinstance(link, kind)
