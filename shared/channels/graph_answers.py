"""What an answer of the Graph API means: only a 2xx with an id was sent, only an explicit refusal was not."""

import json
import re
from typing import Any, Final

from shared.channels.error_taxonomy import Action, Meaning, meaning, pause_before_retry
from shared.channels.outbox import SendResult

_DETAIL_CHARACTERS: Final = 300
_LONGEST_ID: Final = 1000  # the column's width
# Meta's tokens begin so (pages and WhatsApp, Instagram Login); a provider's error text may quote one.
_TOKEN: Final = re.compile(r"\b(?:EAA|IGAA|IGQ)\w{8,}")
_CONSEQUENCES: Final = {
    Action.WINDOW: "window",
    Action.OPT_OUT: "opt_out",
    Action.TEMPLATE: "template",
    Action.REAUTHENTICATE: "connection_expired",
    Action.ACCOUNT: "connection_error",
}


def classify(status: int, raw: bytes, *, attempt: int, token: str = "", needs_id: bool = True) -> SendResult:
    """What became of one attempt.

    `needs_id`: it is a message; a reaction on Instagram or Messenger is accepted without an id.
    """
    answer = parsed(raw)
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
        message_id = _message_id(answer)
        if message_id is None and (needs_id or "recipient_id" not in answer):
            return SendResult(outcome="uncertain", http_status=status, error_code="unreadable_acceptance")
        return SendResult(outcome="accepted", http_status=status, message_id=message_id)
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not 400 <= status < 500 or not isinstance(code, int) or isinstance(code, bool):  # noqa: PLR2004
        if status == 429:  # noqa: PLR2004 - too many requests: by its definition not processed
            return SendResult(
                outcome="retry", http_status=status, error_code="429", retry_seconds=pause_before_retry(60.0, attempt)
            )
        return SendResult(outcome="uncertain", http_status=status, error_code=str(status))
    return _refusal(status, error if isinstance(error, dict) else {}, code, attempt=attempt, token=token)


def parsed(raw: bytes) -> dict[str, Any]:
    """The answer's object; empty for whatever is none."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, error: dict[str, Any], code: int, *, attempt: int, token: str) -> SendResult:
    subcode = error.get("error_subcode")
    detail = _detail(error, token)
    found = meaning(code, subcode if isinstance(subcode, int) else None, words=_words(error))
    retry = found.action in {Action.RETRY, Action.REAUTHENTICATE, Action.ACCOUNT}
    retry = retry or (found.action is Action.RETRY_ONCE and attempt == 1)
    return SendResult(
        outcome="retry" if retry else "refused",
        http_status=status,
        error_code=str(code),
        error_detail=detail,
        retry_seconds=_pause(found, attempt) if retry else None,
        consequence=_CONSEQUENCES.get(found.action),
    )


def _pause(found: Meaning, attempt: int) -> float:
    """Seconds; with the connection paused the message waits, and this only says when to look again."""
    if found.action in {Action.REAUTHENTICATE, Action.ACCOUNT}:
        return 60.0
    return pause_before_retry(found.pause, attempt)


def _message_id(answer: dict[str, Any]) -> str | None:
    """WhatsApp: {messages: [{id}]}; Instagram and Messenger: {recipient_id, message_id}."""
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else answer.get("message_id")
    return found if isinstance(found, str) and 0 < len(found) <= _LONGEST_ID else None


def _detail(error: dict[str, Any], token: str) -> str | None:
    """The provider's own words for people, without any token that they quote."""
    text = _details(error) or error.get("message")
    if not isinstance(text, str):
        return None
    text = _TOKEN.sub("[token]", text.replace(token, "[token]") if token else text)
    return text.encode("utf-8", "replace").decode()[:_DETAIL_CHARACTERS].replace("\x00", "\ufffd")


def _words(error: dict[str, Any]) -> str:
    """All that the provider says in words."""
    return " ".join(word for word in (error.get("message"), _details(error)) if isinstance(word, str))


def _details(error: dict[str, Any]) -> object:
    data = error.get("error_data")
    return data.get("details") if isinstance(data, dict) else None
