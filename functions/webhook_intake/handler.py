"""The steps of taking in a webhook: limits, raw body, signature, bounded parse, items, commit; only then the answer.

The rule of answers: not authentic, 401 and nothing stored; authentic but unusable, kept in quarantine and 200, because a
retry cannot help (and a refusal would make the provider retry for days and then end the subscription); our own trouble,
503 with Retry-After; too large, 413 before reading on. Never another 5xx.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from functions.webhook_intake.body import Receive, TooLarge, TooSlow, read_body
from functions.webhook_intake.providers import Headers, Provider, values_of
from shared.channels.deliveries import Delivery
from shared.channels.items import Unreadable
from shared.kit import bounded_json
from shared.kit.errors import Unavailable
from shared.platform.logs import get_logger

_log = get_logger(__name__)

_KEPT_HEADERS = ("content-type", "user-agent")  # what helps to understand a delivery later; nothing secret
_HEADER_LIMIT = 500  # characters kept of one
_CLOSE = ((b"connection", b"close"),)  # what was not read must not be taken for the next request

Record = Callable[[Delivery], Awaitable[None]]
"""Returns when the delivery is committed; raises Unavailable."""


class Incoming(NamedTuple):
    """A request before its body is read."""

    method: str
    path: str
    query: bytes
    headers: Headers
    receive: Receive


class Answer(NamedTuple):
    """What goes back."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


ACCEPTED = Answer(200)


async def answer(request: Incoming, *, providers: Mapping[str, Provider], record: Record) -> Answer:
    """Answer one request of a provider; `providers` by the path that their webhooks call."""
    provider = providers.get(request.path)
    if provider is None:
        return Answer(404)
    if request.method == "POST":
        return await _take(request, provider=provider, record=record)
    if request.method == "GET" and provider.handshake is not None:
        return _shake_hands(request, provider=provider)
    return Answer(405, headers=((b"allow", b"POST" if provider.handshake is None else b"GET, POST"), *_CLOSE))


def _shake_hands(request: Incoming, *, provider: Provider) -> Answer:
    challenge = None if provider.handshake is None else provider.handshake(request.query)
    if challenge is None:
        _log.warning("handshake refused", provider=provider.name)
        return Answer(403)
    return Answer(200, challenge, headers=((b"content-type", b"text/plain"),))


async def _take(request: Incoming, *, provider: Provider, record: Record) -> Answer:
    if any(value.strip().lower() not in (b"", b"identity") for value in values_of(request.headers, b"content-encoding")):
        return Answer(415, headers=_CLOSE)
    declared = values_of(request.headers, b"content-length")
    try:
        raw = await read_body(request.receive, declared=declared[0] if declared else None)
    except TooLarge:
        _log.warning("body refused", provider=provider.name, reason="too large")
        return Answer(413, headers=_CLOSE)
    except TooSlow:
        return Answer(408, headers=_CLOSE)
    verified_by = provider.verify(request.headers, raw)
    if verified_by is None:
        _log.warning("signature refused", provider=provider.name, size=len(raw))
        return Answer(401)
    try:
        await record(read_delivery(raw, provider=provider, verified_by=verified_by, headers=request.headers))
    except Unavailable as unavailable:
        _log.warning("delivery put off", provider=provider.name, reason=unavailable.message)
        return Answer(503, headers=((b"retry-after", str(unavailable.retry_after).encode()),))
    return ACCEPTED


def read_delivery(raw: bytes, *, provider: Provider, verified_by: str, headers: Headers) -> Delivery:
    """Split an authentic body into items; one that cannot be split becomes a delivery in quarantine."""
    kept = {
        name: values[0].decode("latin-1").replace("\0", "")[:_HEADER_LIMIT]
        for name in _KEPT_HEADERS
        if (values := values_of(headers, name.encode()))
    }
    try:
        items = provider.split(bounded_json.parse(raw))
    except (bounded_json.Unusable, Unreadable) as unreadable:
        _log.warning("delivery quarantined", provider=provider.name, reason=unreadable.reason, size=len(raw))
        return Delivery(
            provider=provider.name,
            raw=raw,
            verified_by=verified_by,
            headers=kept,
            status="quarantined",
            quarantine_reason=unreadable.reason,
        )
    return Delivery(provider=provider.name, raw=raw, verified_by=verified_by, headers=kept, items=items)
