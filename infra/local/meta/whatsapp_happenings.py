"""Everything that can happen at a WhatsApp number, as Meta tells of it: messages of every type, and the rest.

Cloud API, "Webhooks: messages" and the other fields of the WhatsApp Business Account's webhooks.
"""

import base64
from collections.abc import Callable
from typing import Any

from infra.local.meta.happenings import Builder, Happening, Part
from infra.local.meta.phone_numbers import PhoneNumber

Content = Callable[[Happening], dict[str, Any]]


def build_whatsapp(happening: Happening) -> Part:
    """The part of a delivery."""
    kind = happening.kind
    if kind in _MESSAGES:
        content = _MESSAGES[kind](happening)
        said = happening.text or f"[{kind}]"
        return Part(place="messages", content=_with_contact(happening, content), said=said)
    return _OTHERS[kind](happening)


def _with_contact(happening: Happening, content: dict[str, Any]) -> dict[str, Any]:
    """A message with who wrote it: by telephone, by a user id, or by both."""
    hidden, user_id = bool(happening.given("hide_phone")), happening.given("user_id")
    contact: dict[str, Any] = {"profile": {"name": str(happening.given("name", "Cliente"))}}
    message: dict[str, Any] = {"id": happening.id, "timestamp": str(int(happening.at))}
    if not hidden:
        contact["wa_id"] = message["from"] = happening.customer
    if user_id is not None:
        contact["user_id"] = message["from_user_id"] = str(user_id)
    if happening.given("username") is not None:
        contact["profile"]["username"] = str(happening.wanted["username"])
    if happening.given("reply_to") is not None:
        number = happening.sandbox.numbers.get(happening.account)
        sender = number.display_phone_number if number is not None else ""
        message["context"] = {"from": sender, "id": str(happening.wanted["reply_to"])}
    if happening.given("forwarded") is not None:
        message.setdefault("context", {})["forwarded"] = True
    return {"contacts": [contact], "messages": [{**message, **content}]}


def _text(happening: Happening) -> dict[str, Any]:
    return {"type": "text", "text": {"body": happening.text}}


def _advertised(happening: Happening) -> dict[str, Any]:
    referral = {
        "source_url": "https://fb.me/1a2b3c",
        "source_id": "120200000000000001",
        "source_type": "ad",
        "headline": "Pão quentinho",
        "body": "Peça pelo WhatsApp",
        "media_type": "image",
        "image_url": "https://scontent.xx.fbcdn.net/v/pao.jpg",
        "ctwa_clid": "ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0",
    }
    return {**_text(happening), "referral": referral}


def _file(happening: Happening) -> dict[str, Any]:
    kind = "audio" if happening.kind == "voice" else happening.kind
    medium = happening.file(happening.kind, public=False)
    content: dict[str, Any] = {
        "mime_type": medium.mime_type,
        "sha256": base64.b64encode(bytes.fromhex(medium.sha256)).decode(),
        "id": medium.id,
    }
    if happening.given("with_url", otherwise=False):
        content["url"] = happening.link(medium)
    if kind == "audio":
        content["voice"] = happening.kind == "voice"
    if kind == "sticker":
        content["animated"] = False
    if kind == "document":
        content["filename"] = str(happening.given("filename", "pedido.pdf"))
    if happening.text and kind in {"image", "video", "document"}:
        content["caption"] = happening.text
    return {"type": kind, kind: content}


def _location(happening: Happening) -> dict[str, Any]:
    place = {"latitude": -23.5614, "longitude": -46.6559, "name": "MASP", "address": "Av. Paulista, 1578"}
    return {"type": "location", "location": place | happening.given("location", {})}


def _contacts(happening: Happening) -> dict[str, Any]:
    name = {"formatted_name": "João Lima", "first_name": "João", "last_name": "Lima"}
    phones = [{"phone": "+55 11 91234-5678", "wa_id": "5511912345678", "type": "CELL"}]
    return {"type": "contacts", "contacts": happening.given("contacts", [{"name": name, "phones": phones}])}


def _interactive(kind: str) -> Content:
    def build(happening: Happening) -> dict[str, Any]:
        reply = {"id": str(happening.given("reply_id", "1")), "title": happening.text or "Sim"}
        if kind == "list_reply":
            reply["description"] = str(happening.given("description", "Todos os dias"))
        if kind == "nfm_reply":
            reply = {
                "name": "flow",
                "body": "Sent",
                "response_json": str(happening.given("response_json", '{"flow_token":"x","dia":"sábado"}')),
            }
        return {"type": "interactive", "interactive": {"type": kind, kind: reply}}

    return build


def _button(happening: Happening) -> dict[str, Any]:
    text = happening.text or "Quero sim"
    return {"type": "button", "button": {"payload": str(happening.given("payload", text)), "text": text}}


def _reaction(happening: Happening) -> dict[str, Any]:
    reaction = {"message_id": happening.target()}
    if emoji := happening.given("emoji", "👍"):
        reaction["emoji"] = str(emoji)
    return {"type": "reaction", "reaction": reaction}


def _order(happening: Happening) -> dict[str, Any]:
    items = [{"product_retailer_id": "pao-01", "quantity": 2, "item_price": 7.5, "currency": "BRL"}]
    order = {"catalog_id": "800000000000001", "text": happening.text, "product_items": items}
    return {"type": "order", "order": order | happening.given("order", {})}


def _edited(happening: Happening) -> dict[str, Any]:
    message = {"type": "text", "text": {"body": happening.text}}
    return {"type": "edit", "edit": {"original_message_id": happening.target(), "message": message}}


def _revoked(happening: Happening) -> dict[str, Any]:
    return {"type": "revoke", "revoke": {"original_message_id": happening.target()}}


def _unsupported(_: Happening) -> dict[str, Any]:
    details = {"details": "Message type is currently not supported."}
    error = {"code": 131051, "title": "Message type unknown", "message": "Message type unknown", "error_data": details}
    return {"type": "unsupported", "errors": [error]}


def _empty(happening: Happening) -> dict[str, Any]:
    return {"type": happening.kind}


def _raw(happening: Happening) -> dict[str, Any]:
    message: dict[str, Any] = happening.given("message", {})
    return message


_MESSAGES: dict[str, Content] = {
    "text": _text,
    "referral": _advertised,
    **dict.fromkeys(("image", "video", "sticker", "document", "audio", "voice"), _file),
    "location": _location,
    "contacts": _contacts,
    **{kind: _interactive(kind) for kind in ("button_reply", "list_reply", "nfm_reply")},
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "edit": _edited,
    "revoke": _revoked,
    "unsupported": _unsupported,
    **dict.fromkeys(("request_welcome", "ephemeral", "media_placeholder"), _empty),
    "raw": _raw,
}


def _number(happening: Happening) -> PhoneNumber:
    number = happening.sandbox.numbers.get(happening.account)
    assert number is not None, "checked before"  # noqa: S101 - for the type checker
    return number


def _changed_number(happening: Happening) -> Part:
    new = str(happening.given("new", "5511900000001"))
    system = {
        "body": f"Cliente mudou de {happening.customer} para {new}",
        "wa_id": new,
        "type": "user_changed_number",
    }
    message = {
        "from": happening.customer,
        "id": happening.id,
        "timestamp": str(int(happening.at)),
        "type": "system",
        "system": system,
    }
    return Part(place="messages", content={"messages": [message]}, author="meta")


def _user_id_update(happening: Happening) -> Part:
    update: dict[str, Any] = {
        "wa_id": happening.customer,
        "detail": "The user's id has changed",
        "user_id": {
            "previous": str(happening.given("previous", "BR.1")),
            "current": str(happening.given("new", "BR.2")),
        },
        "timestamp": str(int(happening.at)),
    }
    return Part(place="user_id_update", content={"user_id_update": [update]}, author="meta")


def _preference(choice: str) -> Builder:
    def build(happening: Happening) -> Part:
        preference = {
            "wa_id": happening.customer,
            "detail": f"User requested to {choice} marketing messages",
            "category": "marketing_messages",
            "value": choice,
            "timestamp": int(happening.at),
        }
        return Part(place="user_preferences", content={"user_preferences": [preference]}, author="meta")

    return build


def _echo(happening: Happening) -> Part:
    """A person of the business wrote in its app."""
    echo = {
        "from": _number(happening).display_phone_number,
        "to": happening.customer,
        "id": happening.id,
        "timestamp": str(int(happening.at)),
        **_text(happening),
    }
    return Part(place="smb_message_echoes", content={"message_echoes": [echo]}, author="business", said=happening.text)


def _of_account(place: str, usual: dict[str, Any]) -> Builder:
    """News of the business account: their value has no metadata of a number."""

    def build(happening: Happening) -> Part:
        return Part(place=place, content=usual | happening.given("value", {}), author="meta")

    return build


_OTHERS: dict[str, Builder] = {
    "changed_number": _changed_number,
    "user_id_update": _user_id_update,
    "stop": _preference("stop"),
    "resume": _preference("resume"),
    "echo": _echo,
    "account_update": _of_account("account_update", {"event": "ACCOUNT_RESTRICTION"}),
    "quality": _of_account(
        "phone_number_quality_update",
        {"display_phone_number": "551140000000", "event": "FLAGGED", "current_limit": "TIER_1K"},
    ),
    "template_status": _of_account(
        "message_template_status_update",
        {
            "event": "PAUSED",
            "message_template_id": 1,
            "message_template_name": "retorno",
            "message_template_language": "pt_BR",
            "reason": "NONE",
        },
    ),
}
OF_ACCOUNT = frozenset({"account_update", "quality", "template_status"})
KINDS = frozenset(_MESSAGES) | frozenset(_OTHERS)
