"""What a WhatsApp message of each type says: its readable text, its files, and what else is worth keeping.

Shapes of the Cloud API: `{type, <type>: {…}}`. A type that is not in the tables here is not understood.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from shared.channels.items import Media, identifier, storable
from shared.channels.whatsapp.files import file_of

_BARE_TYPES = frozenset({"unsupported", "ephemeral", "media_placeholder", "request_welcome"})  # nothing to be read
# said by the provider, or followed by what is meant: nobody answers them
_UNANSWERED = frozenset({"system", "request_welcome", "media_placeholder"})
_UNANSWERED_INTERACTIVE = frozenset({"call_permission_reply", "payment_method", "payment_notification"})
_LINES_LIMIT = 100  # of an order, of contacts or of a form; all of them are in the metadata
_FORM_LIMIT = 20_000  # characters of a form's answers; longer ones are in the metadata alone


class Content(NamedTuple):
    """What a message says; `rest` is its body as far as text and media do not say it already."""

    text: str | None
    media: Sequence[Media] = ()
    rest: object = None
    answerable: bool = True


def content_of(kind: str, body: object) -> Content | str:
    """Read the body of a message of this type; a sentence says why it cannot be read."""
    if kind in _BARE_TYPES:
        return Content(None, rest=storable(body), answerable=kind not in _UNANSWERED)
    if kind not in _READERS:
        return "this type of message is not known"
    if not isinstance(body, list if kind == "contacts" else dict):
        return "a text message has no text.body" if kind == "text" else f"a message of type {kind} has no {kind}"
    return _READERS[kind](body)


def _text(body: dict[str, object]) -> Content | str:
    text = body.get("body")
    return Content(text) if isinstance(text, str) else "a text message has no text.body"


def _media(body: dict[str, object], *, kind: str) -> Content | str:
    media, rest = file_of(kind, body)
    if media is None:
        return f"a message of type {kind} names no file"
    caption = body.get("caption")
    if caption is not None and not isinstance(caption, str):
        rest["caption"] = storable(caption)
    return Content(caption if isinstance(caption, str) and caption else None, [media], rest or None)


def _shown(body: object, *, text_of: Callable[[Any], str | None]) -> Content:
    return Content(text_of(body), rest=storable(body))


def _system(body: dict[str, object]) -> Content:
    return Content(_line(body.get("body")), rest=storable(body), answerable=False)


def _interactive(body: dict[str, object]) -> Content:
    answerable = identifier(body.get("type")) not in _UNANSWERED_INTERACTIVE
    return Content(_interactive_text(body), rest=storable(body), answerable=answerable)


def _interactive_text(body: dict[str, object]) -> str | None:
    kind = body.get("type")
    part = body.get(kind) if isinstance(kind, str) else None
    if not isinstance(part, dict):
        return None
    if kind == "nfm_reply":
        return _form_text(part)
    return _line(part.get("title"))


def _form_text(reply: dict[str, object]) -> str | None:
    """Return what a form (flow) was filled in with, a line for each field; `response_json` may be no object."""
    response = reply.get("response_json")
    lines = [_line(reply.get("body"))]
    if isinstance(response, str) and len(response) <= _FORM_LIMIT:
        try:
            fields = json.loads(response)
        except (ValueError, RecursionError):
            fields = None
        if isinstance(fields, dict):
            shown = {name: value for name, value in fields.items() if name != "flow_token"}
            lines += [f"{name}: {value}" for name, value in shown.items() if isinstance(value, str | int | float)]
        else:
            lines.append(response)
    return _lines(lines)


def _button_text(body: dict[str, object]) -> str | None:
    return _line(body.get("text")) or _line(body.get("payload"))


def _location_text(body: dict[str, object]) -> str | None:
    named = ", ".join(filter(None, (_line(body.get("name")), _line(body.get("address")))))
    latitude, longitude = body.get("latitude"), body.get("longitude")
    if named or not isinstance(latitude, int | float | str) or not isinstance(longitude, int | float | str):
        return named or None
    return f"{latitude}, {longitude}"


def _contacts_text(contacts: list[object]) -> str | None:
    lines = []
    for contact in contacts[:_LINES_LIMIT]:
        if not isinstance(contact, dict):
            continue
        name = contact.get("name")
        phones = contact.get("phones")
        numbers = [
            _line(phone.get("phone")) or _line(phone.get("wa_id"))
            for phone in (phones if isinstance(phones, list) else ())
            if isinstance(phone, dict)
        ]
        shown = _line(name.get("formatted_name")) if isinstance(name, dict) else None
        lines.append(": ".join(filter(None, (shown, ", ".join(filter(None, numbers))))))
    return _lines(lines)


def _order_text(body: dict[str, object]) -> str | None:
    products = body.get("product_items")
    lines = [_line(body.get("text"))]
    for product in (products if isinstance(products, list) else ())[:_LINES_LIMIT]:
        if isinstance(product, dict):
            price = " ".join(filter(None, (_line(product.get("currency")), _number(product.get("item_price")))))
            name = _line(product.get("product_retailer_id")) or "?"
            lines.append(f"{_number(product.get('quantity')) or '?'} x {name}" + (f" ({price})" if price else ""))
    return _lines(lines)


def _line(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return identifier(value)


def _lines(lines: Sequence[str | None]) -> str | None:
    return "\n".join(filter(None, lines)) or None


_READERS: dict[str, Callable[[Any], Content | str]] = {
    "text": _text,
    **{kind: partial(_media, kind=kind) for kind in ("image", "video", "sticker", "document", "audio")},
    "interactive": _interactive,
    "button": partial(_shown, text_of=_button_text),
    "location": partial(_shown, text_of=_location_text),
    "contacts": partial(_shown, text_of=_contacts_text),
    "order": partial(_shown, text_of=_order_text),
    "system": _system,
}
