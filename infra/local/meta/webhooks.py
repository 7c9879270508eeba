"""Sends webhooks as Meta does: gathered, signed, at least once, again with growing pauses until a 2xx comes back."""

import asyncio
import heapq
import itertools
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from infra.local.fetch import Fetcher, NoAnswer
from infra.local.meta.payloads import inbound_value, signed_headers, status_item, statuses_value, webhook_body
from infra.local.meta.phone_numbers import PhoneNumber
from infra.local.meta.record import Call, Inbound, Record

_GATHERING_SECONDS = 0.05  # what falls due within this time travels together
_MOST_ITEMS = 50
_ANSWER_SECONDS = 20.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0
_KEPT_SECONDS = 7 * 24 * 3600.0
_SUCCESS = range(200, 300)

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One body that is sent until it is taken; `done` is called then."""

    body: bytes
    done: Callable[[], None]
    attempts: int = 0
    born: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class _Status:
    """A status that is due."""

    number: PhoneNumber
    call: Call
    status: str


class WebhookSender:
    """The sandbox's way to the application."""

    def __init__(self, *, url: str, app_secret: str, fetcher: Fetcher, record: Record) -> None:
        """Take the webhook's address; nothing is sent before `start`."""
        self._url = url
        self._app_secret = app_secret
        self._fetcher = fetcher
        self._record = record
        self._statuses: list[tuple[float, int, _Status]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send what is due."""
        self._loop = asyncio.create_task(self._send_due_for_ever(), name="meta webhooks")

    async def stop(self) -> None:
        """Stop; what was not taken is owed by the record."""
        tasks = [*self._sending, *([self._loop] if self._loop is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def plan_status(self, number: PhoneNumber, call: Call, status: str, *, after: float) -> None:
        """Send this status `after` seconds from now."""
        heapq.heappush(self._statuses, (time.time() + after, next(self._order), _Status(number, call, status)))
        self._wake.set()

    async def send_inbound(self, number: PhoneNumber, inbound: Inbound, *, repeat: int) -> list[int | None]:
        """Post a customer's message `repeat` times at once; the status codes. Without a 2xx it is sent again later."""
        value = inbound_value(number, inbound, at=int(time.time()))
        body = webhook_body([(number, value)])
        codes = list(await asyncio.gather(*(self._post(body) for _ in range(repeat))))

        def done() -> None:
            self._record.mark_done(inbound.wamid, "message")

        if any(code in _SUCCESS for code in codes):
            done()
        else:
            self._follow(self._send_again(Delivery(body=body, done=done, attempts=1)))
        return codes

    def resend_inbound(self, number: PhoneNumber, inbound: Inbound) -> None:
        """Go on with a customer's message of an earlier run that nobody has taken."""
        self._follow(self._resent(number, inbound))

    async def _resent(self, number: PhoneNumber, inbound: Inbound) -> None:
        await self.send_inbound(number, inbound, repeat=1)

    async def _send_due_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            wait = self._statuses[0][0] - time.time() if self._statuses else None
            if wait is None or wait > 0:
                timer = None if wait is None else loop.call_later(wait, self._wake.set)
                await self._wake.wait()
                if timer is not None:
                    timer.cancel()
                continue
            await asyncio.sleep(_GATHERING_SECONDS)
            due: list[_Status] = []
            while self._statuses and self._statuses[0][0] <= time.time() and len(due) < _MOST_ITEMS:
                due.append(heapq.heappop(self._statuses)[2])
            self._follow(self._send_again(self._gathered(due)))

    def _gathered(self, due: Iterable[_Status]) -> Delivery:
        groups: dict[str, tuple[PhoneNumber, list[_Status]]] = {}
        for item in due:
            groups.setdefault(item.number.phone_number_id, (item.number, []))[1].append(item)
        now = int(time.time())
        values = [
            (number, statuses_value(number, (status_item(item.call, item.status, at=now) for item in items)))
            for number, items in groups.values()
        ]

        def done() -> None:
            for _, items in groups.values():
                for item in items:
                    self._record.mark_done(item.call.wamid, item.status)

        return Delivery(body=webhook_body(values), done=done)

    async def _send_again(self, delivery: Delivery) -> None:
        """Send until it is taken or too old."""
        while True:
            if delivery.attempts:
                pause = min(_FIRST_PAUSE_SECONDS * 2 ** (delivery.attempts - 1), _LONGEST_PAUSE_SECONDS)
                await asyncio.sleep(pause)
            code = await self._post(delivery.body)
            if code in _SUCCESS:
                delivery.done()
                return
            delivery.attempts += 1
            if time.time() - delivery.born > _KEPT_SECONDS:
                _log.warning("a webhook was given up after %s attempts", delivery.attempts)
                return

    async def _post(self, body: bytes) -> int | None:
        headers = signed_headers(body, app_secret=self._app_secret)
        try:
            answer = await self._fetcher.call(
                "POST", self._url, headers=headers, body=body, timeout_seconds=_ANSWER_SECONDS
            )
        except NoAnswer:
            return None
        return answer.status

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
