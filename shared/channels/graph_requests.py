"""What goes over the wire: the outbox's neutral payloads as each of the three channels takes them.

WhatsApp: {messaging_product, to | recipient, type, …, biz_opaque_callback_data}. Instagram and Messenger: {recipient,
message | sender_action}, with our id in the message's metadata; what they lack becomes quick replies or a numbered
text.
"""

from typing import Any, Final
from urllib.parse import quote

from shared.channels.outbox import Account, Delivery
from shared.channels.payloads import choices, numbered

# Quick replies: Messenger Platform, "at most 13", a title of 20 characters.
_QUICK_REPLIES: Final = 13
_QUICK_TITLE: Final = 20
_ATTACHMENTS: Final = {"image": "image", "sticker": "image", "audio": "audio", "video": "video", "document": "file"}
# Instagram takes one reaction by name; whatever else is an emoji.
_HEARTS: Final = frozenset({"❤", "❤️", "♥", "♥️"})


def messages_url(account: Account, *, base: str, instagram_base: str) -> str:
    """Where messages of this account are sent; `base` and `instagram_base` end with the version."""
    if account.provider == "whatsapp":
        return f"{base}/{quote(account.account_identifier, safe='')}/messages"
    return f"{account_url(account, base=base, instagram_base=instagram_base)}/messages"


def account_url(account: Account, *, base: str, instagram_base: str) -> str:
    """The account itself.

    A page's token says which page; an Instagram account that a page owns is reached through it.
    """
    if account.provider == "instagram" and account.login != "facebook":
        return f"{instagram_base}/{quote(account.account_identifier, safe='')}"
    return f"{base}/me"


def request_body(delivery: Delivery) -> dict[str, Any]:
    """The wire body of a message."""
    if delivery.account.provider == "whatsapp":
        body = _whatsapp(delivery.payload, recipient=delivery.recipient)
        if delivery.payload.get("type") != "read":
            body["biz_opaque_callback_data"] = str(delivery.outbox_id)
        return body
    return _page(delivery)


def seen_bodies(account: Account, *, recipient: str, message_id: str, typing: bool) -> list[dict[str, Any]]:
    """The wire bodies that show the customer that the message was read, and that an answer is being written."""
    if account.provider == "whatsapp":
        return [_whatsapp({"type": "read", "message_id": message_id, "typing": typing}, recipient=recipient)]
    actions = ["mark_seen", *(["typing_on"] if typing else [])]
    return [{"recipient": {"id": recipient}, "sender_action": action} for action in actions]


def _whatsapp(payload: dict[str, Any], *, recipient: str) -> dict[str, Any]:
    """A telephone goes in `to`, a business-scoped user id in `recipient`: `to` would drop it."""
    if payload.get("type") == "read":
        typing = {"typing_indicator": {"type": "text"}} if payload.get("typing") else {}
        return {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": payload["message_id"],
            **typing,
        }
    address = "to" if recipient.isascii() and recipient.isdigit() else "recipient"
    context = {"context": {"message_id": payload["reply_to"]}} if payload.get("reply_to") else {}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        address: recipient,
        **_whatsapp_content(payload),
        **context,
    }


def _whatsapp_content(payload: dict[str, Any]) -> dict[str, Any]:
    match payload.get("type"):
        case "media":
            kind = payload["kind"]
            where = {"link": payload["link"]} if "link" in payload else {"id": payload["media_id"]}
            beside = {name: payload[name] for name in ("caption", "filename") if payload.get(name)}
            return {"type": kind, kind: {**where, **beside}}
        case "buttons":
            buttons = [{"type": "reply", "reply": {"id": b["id"], "title": b["title"]}} for b in payload["buttons"]]
            action: dict[str, Any] = {"buttons": buttons}
            return _interactive("button", payload["body"], action)
        case "list":
            return _interactive("list", payload["body"], {"button": payload["button"], "sections": payload["sections"]})
        case "template":
            template = {"name": payload["name"], "language": {"code": payload["language"]}}
            if payload.get("components"):
                template["components"] = payload["components"]
            return {"type": "template", "template": template}
        case "reaction":
            return {"type": "reaction", "reaction": {"message_id": payload["message_id"], "emoji": payload["emoji"]}}
        case _:
            return {name: payload[name] for name in ("type", "text") if name in payload}


def _interactive(kind: str, body: str, action: dict[str, Any]) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": body}, "action": action}}


def _page(delivery: Delivery) -> dict[str, Any]:
    payload, recipient = delivery.payload, {"id": delivery.recipient}
    if payload.get("type") == "reaction":
        return {"recipient": recipient, **_page_reaction(payload, delivery.account.provider)}
    # what a person writes within seven days says so; every other message is an answer
    purpose = (
        {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if delivery.late else {"messaging_type": "RESPONSE"}
    )
    body: dict[str, Any] = {
        "recipient": recipient,
        **purpose,
        "message": {**_page_message(payload), "metadata": str(delivery.outbox_id)},
    }
    if payload.get("reply_to"):
        body["reply_to"] = {"mid": payload["reply_to"]}
    return body


def _page_reaction(payload: dict[str, Any], provider: str) -> dict[str, Any]:
    target = {"message_id": payload["message_id"]}
    if not payload["emoji"]:
        return {"sender_action": "unreact", "payload": target}
    reaction = "love" if provider == "instagram" and payload["emoji"] in _HEARTS else payload["emoji"]
    return {"sender_action": "react", "payload": {**target, "reaction": reaction}}


def _page_message(payload: dict[str, Any]) -> dict[str, Any]:
    match payload.get("type"):
        case "media":
            where = {"url": payload["link"]} if "link" in payload else {"attachment_id": payload["media_id"]}
            return {"attachment": {"type": _ATTACHMENTS[payload["kind"]], "payload": where}}
        case "buttons" | "list":
            rows = choices(payload)
            if len(rows) <= _QUICK_REPLIES and all(_is_quick(row) for row in rows):
                return {
                    "text": payload["body"],
                    "quick_replies": [
                        {"content_type": "text", "title": row["title"], "payload": row["id"]} for row in rows
                    ],
                }
            return {"text": numbered(payload)}
        case _:
            return {"text": payload["text"]["body"]}


def _is_quick(row: dict[str, Any]) -> bool:
    """Whether the choice loses nothing as a quick reply."""
    return len(row["title"]) <= _QUICK_TITLE and not row.get("description")
