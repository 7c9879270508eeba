"""The steps of taking in a webhook: limits, raw body, signature, bounded parse, items, commit; only then the answer.

The rule of answers: not authentic, 401 and nothing stored; authentic but unusable, kept in quarantine and 200, because
a retry cannot help (and a refusal would make the provider retry for days and then end the subscription); our own
trouble, 503 with Retry-After; too large, 413 before reading on. Never another 5xx.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from functions.webhook_intake.providers import Headers, Provider, values_of
from shared.channels.deliveries import Delivery
from shared.channels.items import Item, Unreadable
from shared.kit import bounded_json
from shared.kit.errors import Rejected
from shared.platform.logs import get_logger

_log = get_logger(__name__)

_KEPT_HEADERS = ("content-type", "user-agent")  # what helps to understand a delivery later; nothing secret
_HEADER_LIMIT = 500  # characters kept of one

Record = Callable[[Delivery], Awaitable[None]]
"""Returns when the delivery is committed; raises Unavailable."""


class Incoming(NamedTuple):
    """A request; `read` reads its body within limits and raises Rejected."""

    method: str
    path: str
    query: bytes
    headers: Headers
    read: Callable[[], Awaitable[bytes]]


async def answer(request: Incoming, *, providers: Mapping[str, Provider], record: Record) -> bytes | None:
    """Take in one request of a provider; return the challenge to echo, None for a delivery that is committed.

    Args:
        request: what came.
        providers: by the path that their webhooks call.
        record: commits a delivery.

    Raises:
        Rejected: not_found, method_not_allowed, caller_not_allowed (the handshake), signature_invalid, or as `read`.
        Unavailable: come again.
    """
    provider = providers.get(request.path)
    if provider is None:
        raise Rejected("not_found", "no provider calls this path")
    if request.method == "GET" and provider.handshake is not None:
        challenge = provider.handshake(request.query)
        if challenge is None:
            raise Rejected("caller_not_allowed", "the handshake's token, mode or challenge is not right")
        return challenge
    if request.method != "POST":
        raise Rejected("method_not_allowed", "a webhook is a POST")
    raw = await request.read()
    verified_by = provider.verify(request.headers, raw)
    if verified_by is None:
        raise Rejected("signature_invalid", f"no active secret signed this body of {len(raw)} bytes")
    await record(read_delivery(raw, provider=provider, verified_by=verified_by, headers=request.headers))
    return None


def read_delivery(raw: bytes, *, provider: Provider, verified_by: str, headers: Headers) -> Delivery:
    """Split an authentic body into items; one that cannot be split becomes a delivery in quarantine."""
    items: list[Item] = []
    name, reason = provider.name, None
    try:
        document = bounded_json.parse(raw)
        if provider.name_of is not None:
            name = provider.name_of(document)
        items = provider.split(document)
    except (bounded_json.Unusable, Unreadable) as unreadable:
        reason = unreadable.reason
    except Exception as defect:  # noqa: BLE001 - ours, and yet the delivery is kept: it can be replayed once it is mended
        _log.exception("a delivery could not be split", provider=name)
        reason = f"defect: {type(defect).__name__}"
    return Delivery(
        provider=name,
        raw=raw,
        verified_by=verified_by,
        headers=_kept(headers),
        items=items,
        status="stored" if reason is None else "quarantined",
        quarantine_reason=reason,
    )


def _kept(headers: Headers) -> dict[str, str]:
    kept = {}
    for name in _KEPT_HEADERS:
        values = values_of(headers, name.encode())
        if values:
            kept[name] = values[0].decode("latin-1").replace("\0", "")[:_HEADER_LIMIT]
    return kept
