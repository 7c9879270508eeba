"""Sends a WhatsApp message through Meta's Graph API: one request, no repetition, an honest word on what became of it.

Request: POST {base}/{version}/{phone number id}/messages with a bearer token (Cloud API reference, "Send messages").
There is no idempotency key; our outbox id travels as biz_opaque_callback_data and comes back in every status.
"""

import json
import re
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import UUID

from shared.channels.error_taxonomy import Action, meaning, pause_before_retry
from shared.channels.outbox import Account, Delivery, SendResult
from shared.kit.crash_points import crash_point

if TYPE_CHECKING:
    import httpx

OpenToken = Callable[[UUID, Account], str]

CONNECT_SECONDS: Final = 3.0
TOTAL_SECONDS: Final = 15.0
# A worker that was paused between the mark and the first byte must not send: somebody else may have taken the message.
GUARD_SECONDS: Final = 5.0
# Longer answers are no answers of this API; the rest is not read.
_ANSWER_BYTES: Final = 64 * 1024
_DETAIL_CHARACTERS: Final = 300
# Meta's tokens begin so; a provider's error text may quote one.
_HEADER_SAFE: Final = re.compile(r"[\x21-\x7e]+")
_TOKEN: Final = re.compile(r"\bEAA\w{8,}")
_FIRST_BYTE: Final = frozenset({"http11.send_request_headers.started", "http2.send_request_headers.started"})
_LAST_BYTE: Final = frozenset({"http11.send_request_body.complete", "http2.send_request_body.complete"})
_CONSEQUENCES: Final = {
    Action.WINDOW: "hold",
    Action.OPT_OUT: "opt_out",
    Action.REAUTHENTICATE: "connection_expired",
    Action.ACCOUNT: "connection_error",
}


class _TooLate(Exception):
    """The guard's time was over before the first byte."""


class _Progress:
    """How far one request has come: httpx calls `trace` at each step."""

    def __init__(self, *, first_byte_before: float) -> None:
        self.bytes_left = False
        self._first_byte_before = first_byte_before

    def trace(self, event: str, _details: dict[str, Any]) -> None:
        if event in _FIRST_BYTE:
            if time.monotonic() > self._first_byte_before:
                raise _TooLate
            self.bytes_left = True
        elif event in _LAST_BYTE:
            crash_point("K6")


class GraphSender:
    """One per process: it keeps the connections to the provider. `open_token` decrypts a connection's token."""

    def __init__(
        self,
        *,
        base_url: str,
        version: str,
        open_token: OpenToken,
        guard_seconds: float = GUARD_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._base = f"{base_url.rstrip('/')}/{version}"
        self._open_token = open_token
        self._guard_seconds = guard_seconds
        self._total_seconds = total_seconds

    @cached_property
    def _client(self) -> "httpx.Client":
        import httpx  # noqa: PLC0415 (the first message needs it, the function's start does not)

        return httpx.Client(
            timeout=httpx.Timeout(self._total_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
            # a connection that the provider closed meanwhile makes a send uncertain: keep idle ones shortly
            limits=httpx.Limits(max_keepalive_connections=20, keepalive_expiry=15.0),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Closes the kept connections."""
        self._client.close()

    def send(self, delivery: Delivery, *, marked_at: float) -> SendResult:
        """Sends one message. Raises Unavailable (nothing has left) when the token cannot be decrypted just now."""
        token = self._open_token(delivery.organization_id, delivery.account) if delivery.account.sealed_token else ""
        if not _HEADER_SAFE.fullmatch(token):
            detail = "the connection has no usable token"
            return SendResult(outcome="retry", retry_seconds=60.0, consequence="connection_error", error_detail=detail)
        import httpx  # noqa: PLC0415 (see _client)

        progress = _Progress(first_byte_before=marked_at + self._guard_seconds)
        try:
            status, raw = self._post(delivery, token=token, progress=progress)
        except _TooLate:
            return SendResult(outcome="retry", error_code="paused_before_send", retry_seconds=0.0)
        except httpx.HTTPError as trouble:
            # the text of the exception is not kept: it may quote the request
            name = type(trouble).__name__
            if progress.bytes_left:
                return SendResult(outcome="uncertain", error_code=name)
            return SendResult(outcome="retry", error_code=name, retry_seconds=pause_before_retry(2.0, delivery.attempt))
        return classify(status, raw, attempt=delivery.attempt, token=token)

    def _post(self, delivery: Delivery, *, token: str, progress: _Progress) -> tuple[int, bytes]:
        """The provider's status and the beginning of its answer, within the total time."""
        import httpx  # noqa: PLC0415 (see _client)

        ends_at = time.monotonic() + self._total_seconds
        with self._client.stream(
            "POST",
            f"{self._base}/{quote(delivery.account.account_identifier, safe='')}/messages",
            content=json.dumps(request_body(delivery), ensure_ascii=False).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            extensions={"trace": progress.trace},
        ) as response:
            raw = b""
            for chunk in response.iter_bytes():
                raw += chunk
                if len(raw) > _ANSWER_BYTES:
                    break
                if time.monotonic() > ends_at:
                    raise httpx.ReadTimeout("the answer took too long as a whole")
            return response.status_code, raw


def request_body(delivery: Delivery) -> dict[str, Any]:
    """The wire body. A telephone goes in `to`, a business-scoped user id in `recipient`: `to` would drop it."""
    address = "to" if delivery.recipient.isascii() and delivery.recipient.isdigit() else "recipient"
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        address: delivery.recipient,
        **delivery.payload,
        "biz_opaque_callback_data": str(delivery.outbox_id),
    }


def text_payload(text: str) -> dict[str, Any]:
    """The outbox payload of a text message."""
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def classify(status: int, raw: bytes, *, attempt: int, token: str = "") -> SendResult:
    """What an answer means. Only a 2xx with an id was sent, only an explicit refusal (4xx with a code) was not."""
    answer = _parsed(raw)
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
        message_id = _message_id(answer)
        if message_id is None:
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


def _refusal(status: int, error: dict[str, Any], code: int, *, attempt: int, token: str) -> SendResult:
    subcode = error.get("error_subcode")
    found = meaning(code, subcode if isinstance(subcode, int) else None)
    detail = _detail(error, token)
    consequence = _CONSEQUENCES.get(found.action)
    if found.action in {Action.RETRY, Action.REAUTHENTICATE, Action.ACCOUNT}:
        # with the connection paused the message waits; the pause only says when to look again
        pause = pause_before_retry(found.pause, attempt) if found.action is Action.RETRY else 60.0
        return SendResult(
            outcome="retry",
            http_status=status,
            error_code=str(code),
            error_detail=detail,
            retry_seconds=pause,
            consequence=consequence,
        )
    return SendResult(
        outcome="refused", http_status=status, error_code=str(code), error_detail=detail, consequence=consequence
    )


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _message_id(answer: dict[str, Any]) -> str | None:
    messages = answer.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 255 else None  # noqa: PLR2004 - the column's width


def _detail(error: dict[str, Any], token: str) -> str | None:
    """The provider's own words for people, without any token that they quote."""
    data = error.get("error_data")
    text = data.get("details") if isinstance(data, dict) else None
    text = text or error.get("message")
    if not isinstance(text, str):
        return None
    text = _TOKEN.sub("[token]", text.replace(token, "[token]") if token else text)
    return text.encode("utf-8", "replace").decode()[:_DETAIL_CHARACTERS].replace("\x00", "\ufffd")
