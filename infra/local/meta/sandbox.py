"""What the sandbox does with a call: checks it, accepts it or not, and plans the statuses that follow."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.fetch import Fetcher
from infra.local.meta.faults import MetaFaults
from infra.local.meta.graph_errors import GraphError
from infra.local.meta.payloads import new_wamid
from infra.local.meta.phone_numbers import PhoneNumber, PhoneNumbers, new_number
from infra.local.meta.record import STATUSES, Call, Inbound, Record
from infra.local.meta.shapes import ReadReceipt, ValidMessage, read_request
from infra.local.meta.webhooks import WebhookSender

_OWED_AGAIN_SECONDS = 0.5


class AnswerDropped(Exception):
    """Accepted, but the caller gets no answer: close the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer's message to be sent through the sandbox."""

    phone_number_id: str
    sender: str
    name: str
    text: str


class MetaSandbox:
    """State and behaviour; app.py puts HTTP around it."""

    def __init__(self, *, folder: Path, webhook_url: str, app_secret: str, fetcher: Fetcher) -> None:
        """Take the folder for the record, and where and how webhooks are sent."""
        self.faults = MetaFaults()
        self.record = Record(folder / "meta_calls.jsonl")
        self.numbers = PhoneNumbers(folder / "meta_phone_numbers.json")
        self.home = ""  # the phone_number_id that customers write to unless they say another
        self._webhooks = WebhookSender(url=webhook_url, app_secret=app_secret, fetcher=fetcher, record=self.record)

    def adopt(self, phone_number_id: str, *, access_token: str) -> None:
        """Know this number, with this token, and let customers write to it unless they say another."""
        self.home = phone_number_id
        number = self.numbers.get(phone_number_id)
        if number is None:
            self.numbers.register(new_number(phone_number_id, access_token=access_token))

    def start(self) -> None:
        """Read the record and go on with the webhooks that are owed."""
        self.record.open()
        self._webhooks.start()
        for call, status in list(self.record.owed()):
            if (number := self.numbers.get(call.phone_number_id)) is not None:
                self._webhooks.plan_status(number, call, status, after=_OWED_AGAIN_SECONDS)
        for inbound in list(self.record.owed_inbound()):
            if (number := self.numbers.get(inbound.phone_number_id)) is not None:
                self._webhooks.resend_inbound(number, inbound)

    async def stop(self) -> None:
        """Send no more webhooks and close the record."""
        await self._webhooks.stop()
        self.record.close()

    async def send(self, phone_number_id: str, *, token: str | None, payload: object) -> dict[str, Any]:
        """POST /{phone_number_id}/messages: the answer's body.

        Raises:
            GraphError: refused, nothing was accepted.
            AnswerDropped: accepted, by a fault without an answer.
        """
        faults = self.faults
        if faults.happens(faults.error_share):
            raise GraphError(131000, details="Message failed to send due to an unknown error.")
        number = self.numbers.authorised(phone_number_id, token)
        request = read_request(payload)
        if faults.error_code is not None and faults.happens(faults.error_code_share):
            raise GraphError(faults.error_code)
        if isinstance(request, ReadReceipt):
            self.record.add_read(
                {
                    "time": _now(),
                    "phone_number_id": phone_number_id,
                    "message_id": request.message_id,
                    "typing": request.typing,
                }
            )
            return {"success": True}
        if number.allowed_recipients is not None and request.wa_id not in number.allowed_recipients:
            raise GraphError(131030, details="Recipient phone number not in allowed list: add it and try again.")
        call = self._accept(number, request, payload)
        if faults.delay_ms:
            await asyncio.sleep(faults.delay_ms / 1000)
        if not call.answered:
            raise AnswerDropped
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": request.to, "wa_id": request.wa_id}],
            "messages": [{"id": call.wamid}],
        }

    async def receive(self, customer: Customer, *, repeat: int) -> tuple[str, list[int | None]]:
        """Send a customer's message to the webhook, `repeat` times at once; its wamid and the status codes."""
        number = self.numbers.get(customer.phone_number_id)
        if number is None:
            raise GraphError(100, message=f"No phone number {customer.phone_number_id} is known to the sandbox")
        inbound = Inbound(
            time=_now(),
            phone_number_id=customer.phone_number_id,
            sender=customer.sender,
            name=customer.name,
            text=customer.text,
            wamid=new_wamid(customer.sender),
        )
        self.record.add_inbound(inbound)
        return inbound.wamid, await self._webhooks.send_inbound(number, inbound, repeat=repeat)

    def _accept(self, number: PhoneNumber, request: ValidMessage, payload: Any) -> Call:
        faults = self.faults
        call = Call(
            time=_now(),
            phone_number_id=number.phone_number_id,
            to=request.to,
            body=request.text,
            biz_opaque_callback_data=request.opaque,
            wamid=new_wamid(request.wa_id),
            type=request.type,
            answered=not faults.happens(faults.dropped_share),
            payload=payload,
            statuses_lost=not request.reaches_customer or faults.happens(faults.statuses_lost_share),
        )
        self.record.add_call(call)
        if not call.statuses_lost:
            backwards = faults.happens(faults.statuses_out_of_order)
            order = tuple(reversed(STATUSES)) if backwards else STATUSES
            for place, status in enumerate(order):
                after = faults.status_delay_ms / 1000 * (1 + place / 2)
                self._webhooks.plan_status(number, call, status, after=after)
        return call


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
