"""Sends a message through Meta's Graph API: one request, no repetition, an honest word on what became of it.

WhatsApp: POST {base}/{version}/{phone number id}/messages (Cloud API reference, "Send messages"). Messenger: POST
{base}/{version}/me/messages. Instagram: the same, or POST {instagram base}/{version}/{account}/messages by Instagram
Login. There is no idempotency key; our outbox id travels as biz_opaque_callback_data or metadata and comes back in
statuses or echoes.
"""

import re
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from shared.channels.error_taxonomy import pause_before_retry
from shared.channels.graph_answers import classify
from shared.channels.graph_requests import messages_url, request_body, seen_bodies
from shared.channels.graph_transport import GraphRequest, GraphTransport, NoAnswer, TooLate
from shared.channels.outbox import Account, Delivery, SendResult
from shared.kit.errors import Unavailable

OpenToken = Callable[[UUID, Account], str]

TOTAL_SECONDS: Final = 15.0
# A worker that was paused between the mark and the first byte must not send: somebody else may have taken the message.
GUARD_SECONDS: Final = 5.0
_HEADER_SAFE: Final = re.compile(r"[\x21-\x7e]+")


class GraphSender:
    """One per process: it keeps the connections to the provider. `open_token` decrypts a connection's token."""

    def __init__(  # noqa: PLR0913 - two addresses, and times that tests shorten
        self,
        *,
        base_url: str,
        version: str,
        open_token: OpenToken,
        instagram_base_url: str | None = None,
        guard_seconds: float = GUARD_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self.base = f"{base_url.rstrip('/')}/{version}"
        self.instagram_base = f"{(instagram_base_url or base_url).rstrip('/')}/{version}"
        self.transport = GraphTransport(total_seconds=total_seconds)
        self._open_token = open_token
        self._guard_seconds = guard_seconds

    def close(self) -> None:
        """Closes the kept connections."""
        self.transport.close()

    def token(self, organization_id: UUID, account: Account) -> str | None:
        """The account's token, None when it has no usable one. Raises Unavailable when it cannot be opened just now."""
        token = self._open_token(organization_id, account) if account.sealed_token else ""
        return token if _HEADER_SAFE.fullmatch(token) else None

    def send(self, delivery: Delivery, *, marked_at: float) -> SendResult:
        """Sends one message. Raises Unavailable (nothing has left) when the token cannot be decrypted just now."""
        token = self.token(delivery.organization_id, delivery.account)
        if token is None:
            detail = "the connection has no usable token"
            return SendResult(outcome="retry", retry_seconds=60.0, consequence="connection_error", error_detail=detail)
        url = messages_url(delivery.account, base=self.base, instagram_base=self.instagram_base)
        request = GraphRequest(url=url, token=token, body=request_body(delivery), crash_at="K6")
        try:
            status, raw = self.transport.exchange(request, first_byte_before=marked_at + self._guard_seconds)
        except TooLate:
            return SendResult(outcome="retry", error_code="paused_before_send", retry_seconds=0.0)
        except NoAnswer as trouble:
            if trouble.bytes_left:
                return SendResult(outcome="uncertain", error_code=trouble.kind)
            pause = pause_before_retry(2.0, delivery.attempt)
            return SendResult(outcome="retry", error_code=trouble.kind, retry_seconds=pause)
        needs_id = delivery.payload.get("type") != "reaction"
        return classify(status, raw, attempt=delivery.attempt, token=token, needs_id=needs_id)

    def show_seen(
        self, account: Account, *, organization_id: UUID, recipient: str, message_id: str, typing: bool = False
    ) -> bool:
        """Shows the customer that the message was read and, if so, that an answer is being written; whether it worked.

        Never raises and is never repeated: it is a courtesy, and the answer must not wait for it. WhatsApp shows the
        typing for up to 25 s, Instagram and Messenger for about 20 s.
        """
        url = messages_url(account, base=self.base, instagram_base=self.instagram_base)
        try:
            token = self.token(organization_id, account)
            if token is None:
                return False
            answers = [
                self.transport.exchange(
                    GraphRequest(url=url, token=token, body=body),
                    first_byte_before=time.monotonic() + self._guard_seconds,
                )
                for body in seen_bodies(account, recipient=recipient, message_id=message_id, typing=typing)
            ]
        except (Unavailable, TooLate, NoAnswer):
            return False
        return all(200 <= status < 300 for status, _ in answers)  # noqa: PLR2004 - HTTP's own classes
