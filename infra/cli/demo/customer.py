"""The demo's customer: writes on WhatsApp by signed webhooks, and reads what the provider was asked to send her."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from infra.cli.demo.scenes import CUSTOMER, CUSTOMER_NAME
from infra.cli.webhooks import Answer, post_signed, text_delivery
from shared.kit.ids import new_id


@dataclass(slots=True)
class Customer:
    """One person and her telephone, against one running stack (`ready` is its ready file)."""

    ready: dict[str, Any]
    client: httpx.Client
    last_delivery: bytes = b""
    last_written_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def webhook(self) -> str:
        """The address that Meta would call."""
        return f"{self.ready['gateway']}/webhook_intake/whatsapp"

    def shake_hands(self) -> bool:
        """Ask as Meta does when the address is entered in the app; whether the challenge came back."""
        challenge = str(new_id().int)[:20]
        answer = self.client.get(
            self.webhook,
            params={
                "hub.mode": "subscribe",
                "hub.verify_token": self.ready["demo"]["verify_token"],
                "hub.challenge": challenge,
            },
        )
        return answer.is_success and answer.text == challenge

    def write(self, text: str) -> Answer:
        """Send one message."""
        self.last_written_at = datetime.now(UTC)
        self.last_delivery = text_delivery(
            text,
            phone_number_id=self.ready["demo"]["phone_number_id"],
            customer=CUSTOMER,
            name=CUSTOMER_NAME,
            message_id=f"wamid.demo.{new_id().hex}",
            at=self.last_written_at,
        )
        return self.deliver_again()

    def deliver_again(self) -> Answer:
        """Post the last delivery, byte for byte."""
        secret = self.ready["demo"]["app_secret"].encode()
        return post_signed(self.client, self.webhook, self.last_delivery, secret=secret)

    def received(self) -> list[dict[str, Any]]:
        """Return what the provider accepted for her so far, oldest first."""
        answer = self.client.get(f"{self.ready['sandboxes']['meta']}/calls")
        calls: list[dict[str, Any]] = answer.raise_for_status().json()
        return [call for call in calls if call["to"] == CUSTOMER]

    def seconds_until(self, call: dict[str, Any]) -> float:
        """Return how long after her last message the provider accepted this one."""
        return (datetime.fromisoformat(call["time"]) - self.last_written_at).total_seconds()


def pause(seconds: float) -> None:
    """Wait as a person does between two messages."""
    time.sleep(seconds)
