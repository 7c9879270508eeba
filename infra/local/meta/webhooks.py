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
from infra.local.meta.accounts import PageAccount
from infra.local.meta.page_payloads import event_item, page_body
from infra.local.meta.payloads import signed_headers, status_item, statuses_value, webhook_body
from infra.local.meta.phone_numbers import PhoneNumber
from infra.local.meta.record import Call, Posted, Record

_GATHERING_SECONDS = 0.05  # what falls due within this time travels together
_MOST_ITEMS = 50
_ANSWER_SECONDS = 20.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 300.0
_KEPT_SECONDS = 7 * 24 * 3600.0
_SUCCESS = range(200, 300)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The application: `url` and below it a path for each channel; the Instagram app has a secret of its own."""

    url: str
    app_secret: str
    instagram_app_secret: str


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One body that is sent until it is taken; `done` is called then."""

    channel: str
    by_instagram: bool
    body: bytes
    done: Callable[[], None]
    attempts: int = 0
    born: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class _Event:
    """An event of a sent message that is due."""

    origin: PhoneNumber | PageAccount
    call: Call
    what: str

    @property
    def by_instagram(self) -> bool:
        return isinstance(self.origin, PageAccount) and self.origin.by_instagram_login


class WebhookSender:
    """The sandbox's way to the application."""

    def __init__(self, *, receiver: Receiver, fetcher: Fetcher, record: Record) -> None:
        """Take the webhooks' addresses; nothing is sent before `start`."""
        self._receiver = receiver
        self._fetcher = fetcher
        self._record = record
        self._events: list[tuple[float, int, _Event]] = []
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

    def plan(self, origin: PhoneNumber | PageAccount, call: Call, what: str, *, after: float) -> None:
        """Tell of this event of a message `after` seconds from now."""
        heapq.heappush(self._events, (time.time() + after, next(self._order), _Event(origin, call, what)))
        self._wake.set()

    async def send_posted(self, posted: Posted, *, repeat: int) -> list[int | None]:
        """Post a delivery `repeat` times at once; the status codes. Without a 2xx it is sent again later."""
        delivery = Delivery(
            channel=posted.channel,
            by_instagram=posted.by_instagram,
            body=posted.body.encode(),
            done=lambda: self._record.mark_done(posted.id, "posted"),
            attempts=1,
        )
        codes = list(await asyncio.gather(*(self._post(delivery) for _ in range(repeat))))
        if any(code in _SUCCESS for code in codes):
            delivery.done()
        else:
            self._follow(self._send_again(delivery))
        return codes

    def resend_posted(self, posted: Posted) -> None:
        """Go on with a delivery of an earlier run that nobody has taken."""
        self._follow(self._resent(posted))

    async def _resent(self, posted: Posted) -> None:
        await self.send_posted(posted, repeat=1)

    async def _send_due_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            wait = self._events[0][0] - time.time() if self._events else None
            if wait is None or wait > 0:
                timer = None if wait is None else loop.call_later(wait, self._wake.set)
                await self._wake.wait()
                if timer is not None:
                    timer.cancel()
                continue
            await asyncio.sleep(_GATHERING_SECONDS)
            due: dict[tuple[str, bool], list[_Event]] = {}
            for _ in range(_MOST_ITEMS):
                if not self._events or self._events[0][0] > time.time():
                    break
                event = heapq.heappop(self._events)[2]
                due.setdefault((event.call.channel, event.by_instagram), []).append(event)
            for (channel, by_instagram), events in due.items():
                self._follow(self._send_again(self._gathered(channel, events, by_instagram=by_instagram)))

    def _gathered(self, channel: str, events: list[_Event], *, by_instagram: bool) -> Delivery:
        def done() -> None:
            for event in events:
                self._record.mark_done(event.call.wamid, event.what)

        body = _statuses_body(events) if channel == "whatsapp" else _events_body(channel, events)
        return Delivery(channel=channel, by_instagram=by_instagram, body=body, done=done)

    async def _send_again(self, delivery: Delivery) -> None:
        """Send until it is taken or too old."""
        while True:
            if delivery.attempts:
                pause = min(_FIRST_PAUSE_SECONDS * 2 ** (delivery.attempts - 1), _LONGEST_PAUSE_SECONDS)
                await asyncio.sleep(pause)
            code = await self._post(delivery)
            if code in _SUCCESS:
                delivery.done()
                return
            delivery.attempts += 1
            if time.time() - delivery.born > _KEPT_SECONDS:
                _log.warning("a webhook was given up after %s attempts", delivery.attempts)
                return

    async def _post(self, delivery: Delivery) -> int | None:
        receiver = self._receiver
        secret = receiver.instagram_app_secret if delivery.by_instagram else receiver.app_secret
        try:
            answer = await self._fetcher.call(
                "POST",
                f"{receiver.url}/{delivery.channel}",
                headers=signed_headers(delivery.body, app_secret=secret),
                body=delivery.body,
                timeout_seconds=_ANSWER_SECONDS,
            )
        except NoAnswer:
            return None
        return answer.status

    def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


def _statuses_body(events: Iterable[_Event]) -> bytes:
    groups: dict[str, tuple[PhoneNumber, list[_Event]]] = {}
    for event in events:
        if isinstance(event.origin, PhoneNumber):
            groups.setdefault(event.origin.phone_number_id, (event.origin, []))[1].append(event)
    now = int(time.time())
    return webhook_body(
        (number, "messages", statuses_value(number, (status_item(item.call, item.what, at=now) for item in items)))
        for number, items in groups.values()
    )


def _events_body(channel: str, events: Iterable[_Event]) -> bytes:
    now = int(time.time() * 1000)
    return page_body(
        channel,
        (
            (event.origin.account_id, "messaging", event_item(event.origin, event.call, event.what, at=now))
            for event in events
            if isinstance(event.origin, PageAccount)
        ),
    )
