"""The state of the sandbox: who it knows, what it has accepted, what goes wrong, and the webhooks that follow."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from infra.local.fetch import Fetcher
from infra.local.meta.accounts import PageAccount, PageAccounts
from infra.local.meta.faults import MetaFaults
from infra.local.meta.graph_errors import GraphError
from infra.local.meta.media import MediaStore
from infra.local.meta.phone_numbers import PhoneNumber, PhoneNumbers, new_number
from infra.local.meta.rates import PAIR_SECONDS, Rates
from infra.local.meta.record import Call, Posted, Record
from infra.local.meta.webhooks import Receiver, WebhookSender

_OWED_AGAIN_SECONDS = 0.5


class AnswerDropped(Exception):
    """Accepted, but the caller gets no answer: close the connection."""


class MetaSandbox:
    """The state; sending.py, nodes.py and inbound.py act on it, app.py puts HTTP around them."""

    def __init__(self, *, folder: Path, receiver: Receiver, fetcher: Fetcher) -> None:
        """Take the folder for the record, and where and how webhooks are sent."""
        self.faults = MetaFaults()
        self.record = Record(folder / "meta_calls.jsonl")
        self.numbers = PhoneNumbers(folder / "meta_phone_numbers.json")
        self.pages = PageAccounts(folder / "meta_accounts.json")
        self.media = MediaStore(folder / "media")
        self.rates = Rates()
        self.home: dict[str, str] = {}  # channel → the account that customers write to unless they say another
        self._webhooks = WebhookSender(receiver=receiver, fetcher=fetcher, record=self.record)

    def adopt(self, phone_number_id: str, *, access_token: str, account_id: str = "") -> None:
        """Know this number, unless it is known already, and let customers write to it unless they say another.

        `account_id`: of its WhatsApp Business Account; "" for a made-up one.
        """
        self.home["whatsapp"] = phone_number_id
        if self.numbers.get(phone_number_id) is None:
            number = new_number(phone_number_id, access_token=access_token)
            number.account_id = account_id or number.account_id
            self.numbers.register(number)

    def adopt_account(self, account: PageAccount) -> None:
        """Know this account, unless it is known already, and let customers write to it unless they say another."""
        self.home[account.channel] = account.account_id
        if self.pages.get(account.channel, account.account_id) is None:
            self.pages.register(account)

    def start(self) -> None:
        """Read the record and go on with the webhooks that are owed."""
        self.record.open()
        self._webhooks.start()
        for call, event in list(self.record.owed()):
            if (origin := self.origin(call.channel, call.phone_number_id)) is not None:
                self._webhooks.plan(origin, call, event, after=_OWED_AGAIN_SECONDS)
        for posted in list(self.record.owed_inbound()):
            self._webhooks.resend_posted(posted)

    async def stop(self) -> None:
        """Send no more webhooks and close the record."""
        await self._webhooks.stop()
        self.record.close()

    def origin(self, channel: str, account_id: str) -> PhoneNumber | PageAccount | None:
        """The account, when it is known."""
        return self.numbers.get(account_id) if channel == "whatsapp" else self.pages.get(channel, account_id)

    def refuse_by_fault(self, channel: str) -> None:
        """Raise the error that was asked for, when the dice say so."""
        faults = self.faults.on(channel)
        if faults.error_code is not None and faults.happens(faults.error_code_share):
            raise GraphError(faults.error_code, subcode=faults.error_subcode)

    def require_pace(self, channel: str, account: str, customer: str) -> None:
        """Take from the buckets of the account and of the pair.

        Raises:
            GraphError: 130429 or 131056 on WhatsApp, 613 elsewhere.
        """
        faults = self.faults.on(channel)
        most, burst = faults.throughput_per_second, faults.pair_burst
        if most is not None and not self.rates.take(channel, account, burst=most, per_second=most):
            raise GraphError(130429 if channel == "whatsapp" else 613)
        if burst is not None:
            key = (channel, account, customer)
            if not self.rates.take(*key, burst=burst, per_second=1 / PAIR_SECONDS):
                raise GraphError(131056 if channel == "whatsapp" else 613)

    def accept(self, origin: PhoneNumber | PageAccount, call: Call) -> None:
        """Keep a message, with the losses that the faults want, and plan what is told of it."""
        faults = self.faults.on(call.channel)
        call.answered = not faults.happens(faults.dropped_share)
        call.statuses_lost = call.statuses_lost or faults.happens(faults.statuses_lost_share)
        if call.channel != "whatsapp":
            call.echo_lost = call.echo_lost or faults.happens(faults.echoes_lost_share)
        self.record.add_call(call)
        events = call.events
        if faults.happens(faults.statuses_out_of_order):
            events = tuple(reversed(events))
        for place, event in enumerate(events):
            self._webhooks.plan(origin, call, event, after=faults.status_delay_ms / 1000 * (1 + place / 2))

    async def answer(self, call: Call) -> None:
        """Wait as long as the answer of an accepted message is to take.

        Raises:
            AnswerDropped: by a fault there is no answer.
        """
        faults = self.faults.on(call.channel)
        if faults.delay_ms:
            await asyncio.sleep(faults.delay_ms / 1000)
        if not call.answered:
            raise AnswerDropped

    async def post(self, posted: Posted, *, repeat: int) -> list[int | None]:
        """Keep a delivery and send it, `repeat` times at once; the status codes."""
        self.record.add_posted(posted)
        return await self._webhooks.send_posted(posted, repeat=repeat)


def now() -> str:
    """This moment as the record writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
