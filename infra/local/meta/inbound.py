"""POST /inbound: customers, people of the business and Meta do something, and the application is told in one delivery.

One thing, or several in `batch`, of one channel: of several accounts too, as Meta gathers them.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.meta.accounts import CHANNELS as PAGE_CHANNELS
from infra.local.meta.faults import CHANNELS
from infra.local.meta.happenings import Happening, Impossible, Part
from infra.local.meta.page_happenings import build_page, require_kind
from infra.local.meta.page_payloads import new_mid, page_body
from infra.local.meta.payloads import change_value, new_wamid, webhook_body
from infra.local.meta.record import Inbound, Posted
from infra.local.meta.sandbox import MetaSandbox, now
from infra.local.meta.whatsapp_happenings import KINDS, OF_ACCOUNT, build_whatsapp

_MOST_REPEATS = 1000
_MOST_IN_BATCH = 1000
_LONGEST_TEXT = 65_536
_NEED_TEXT = {"text", "edit", "echo"}  # kinds that are nothing without one


class NobodyThere(Exception):
    """The account is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was sent: the ids of the messages, and the status code of each copy."""

    ids: list[str]
    codes: list[int | None]


async def tell(sandbox: MetaSandbox, wanted: Mapping[str, Any], *, link_base: str) -> Told:
    """Do what a request asks for; a list in `text` is one delivery after the other.

    Raises:
        Impossible: it cannot happen so.
        NobodyThere: an account is not known.
    """
    repeat = wanted.get("repeat", 1)
    if isinstance(repeat, bool) or not isinstance(repeat, int) or not 1 <= repeat <= _MOST_REPEATS:
        raise Impossible(f"repeat must be a whole number from 1 to {_MOST_REPEATS}")
    batch = wanted.get("batch")
    if batch is not None:
        if not isinstance(batch, list) or not 1 <= len(batch) <= _MOST_IN_BATCH:
            raise Impossible(f"batch must be a list of 1 to {_MOST_IN_BATCH} objects")
        deliveries = [[_happening(sandbox, _merged(wanted, one), link_base=link_base) for one in batch]]
    else:
        texts = wanted.get("text")
        several = texts if isinstance(texts, list) else [texts]
        deliveries = [[_happening(sandbox, {**wanted, "text": text}, link_base=link_base)] for text in several]
    ids: list[str] = []
    codes: list[int | None] = []
    for happenings in deliveries:
        codes += await _deliver(sandbox, happenings, repeat=repeat)
        ids += [happening.id for happening in happenings]
    return Told(ids=ids, codes=codes)


async def _deliver(sandbox: MetaSandbox, happenings: list[Happening], *, repeat: int) -> list[int | None]:
    channels = {happening.channel for happening in happenings}
    if len(channels) != 1:
        raise Impossible(f"a delivery is of one channel, not of {', '.join(sorted(channels))}")
    [channel] = channels
    parts: list[tuple[Happening, Part]] = []
    for happening in happenings:
        part = build_whatsapp(happening) if channel == "whatsapp" else build_page(happening)
        parts.append((happening, part))
        sandbox.record.add_inbound(_inbound(happening, part))
        if happening.kind in {"stop", "resume"}:
            sandbox.record.set_marketing(happening.account, happening.customer, wanted=happening.kind == "resume")
    body = _whatsapp_body(parts) if channel == "whatsapp" else _page_body(channel, parts)
    account = sandbox.pages.get(channel, happenings[0].account)
    posted = Posted(
        id=secrets.token_hex(8),
        channel=channel,
        by_instagram=account is not None and account.by_instagram_login,
        body=body.decode(),
    )
    return await sandbox.post(posted, repeat=repeat)


def _whatsapp_body(parts: list[tuple[Happening, Part]]) -> bytes:
    changes = []
    for happening, part in parts:
        number = happening.sandbox.numbers.get(happening.account)
        if number is not None:
            of_account = happening.kind in OF_ACCOUNT
            changes.append((number, part.place, part.content if of_account else change_value(number, part.content)))
    return webhook_body(changes)


def _page_body(channel: str, parts: list[tuple[Happening, Part]]) -> bytes:
    return page_body(channel, ((happening.account, part.place, part.content) for happening, part in parts))


def _inbound(happening: Happening, part: Part) -> Inbound:
    return Inbound(
        id=happening.id,
        time=now(),
        channel=happening.channel,
        account=happening.account,
        customer=happening.customer,
        author=part.author,
        text=part.said,
        name=str(happening.given("name", "Cliente")),
    )


def _merged(wanted: Mapping[str, Any], one: object) -> dict[str, Any]:
    """An element of a batch has what the request says for all."""
    if not isinstance(one, dict):
        raise Impossible("batch must be a list of objects")
    return {**{key: value for key, value in wanted.items() if key not in {"batch", "repeat"}}, **one}


def _happening(sandbox: MetaSandbox, wanted: Mapping[str, Any], *, link_base: str) -> Happening:
    channel, kind = wanted.get("channel", "whatsapp"), wanted.get("kind", "text")
    if channel not in CHANNELS:
        raise Impossible(f"channel = {channel!r} is not one of {', '.join(CHANNELS)}")
    if not isinstance(kind, str):
        raise Impossible("kind must be a text")
    if channel in PAGE_CHANNELS:
        require_kind(channel, kind)
    elif kind not in KINDS:
        raise Impossible(f"kind = {kind!r} does not happen on whatsapp; known are {', '.join(sorted(KINDS))}")
    customer = _customer(wanted.get("from"), channel)
    text = _text(wanted.get("text"), kind)
    account = str(wanted.get("account") or wanted.get("phone_number_id") or sandbox.home.get(channel, ""))
    if sandbox.origin(channel, account) is None:
        raise NobodyThere(f"No account {account} of {channel} is known to the sandbox")
    return Happening(
        wanted=wanted,
        channel=channel,
        account=account,
        customer=customer,
        kind=kind,
        text=text,
        id=str(wanted.get("id") or (new_wamid(customer) if channel == "whatsapp" else new_mid(channel))),
        sandbox=sandbox,
        link_base=link_base,
    )


def _customer(sender: object, channel: str) -> str:
    if isinstance(sender, str) and sender.isascii() and sender.isdigit():
        return sender
    what = 'a phone number in digits, such as "5511987654321"'
    raise Impossible(f"from must be {what if channel == 'whatsapp' else 'an id in digits, as Meta scopes them'}")


def _text(text: object, kind: str) -> str:
    if not text and kind not in _NEED_TEXT:
        return ""
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_TEXT:
        raise Impossible(f"text must be a text of 1 to {_LONGEST_TEXT} characters, or a list of such texts")
    return text
