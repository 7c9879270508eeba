"""Everything that can happen at an Instagram account or a page, as Meta tells of it in `messaging` or `standby`.

Messenger Platform, "Webhooks"; Instagram Platform, "Webhooks for messaging" and "comments".
"""

from collections.abc import Callable
from typing import Any

from infra.local.meta.happenings import Happening, Impossible, Part
from infra.local.meta.page_payloads import APP_ID, INBOX_APP_ID

Content = Callable[[Happening], dict[str, Any]]


def build_page(happening: Happening) -> Part:
    """The part of a delivery."""
    kind, standby = happening.kind, bool(happening.given("standby"))
    if kind == "comment":
        return Part(place="changes", content={"field": "comments", "value": _comment(happening)})
    item: dict[str, Any] = {
        "sender": {"id": happening.customer},
        "recipient": {"id": happening.account},
        "timestamp": int(happening.at * 1000),
    }
    author = "customer"
    said = None
    if kind == "echo":
        item["sender"], item["recipient"] = item["recipient"], item["sender"]
        author = "business"
    if kind in _SAID:
        item["message"] = {"mid": happening.id, **_SAID[kind](happening)}
        said = happening.text or f"[{kind}]"
        if happening.given("reply_to") is not None:
            item["message"]["reply_to"] = {"mid": str(happening.wanted["reply_to"])}
    else:
        item |= _OTHERS[kind](happening)
        author = "customer" if kind == "postback" else "meta"
    if standby and kind == "postback":
        del item["postback"]["payload"]
    if happening.given("shape") == "changes":
        return Part(place="changes", content={"field": "messages", "value": item}, author=author, said=said)
    return Part(place="standby" if standby else "messaging", content=item, author=author, said=said)


def _text(happening: Happening) -> dict[str, Any]:
    return {"text": happening.text}


def _quick_reply(happening: Happening) -> dict[str, Any]:
    payload = str(happening.given("payload", happening.text or "SIM"))
    return {"text": happening.text or "Sim", "quick_reply": {"payload": payload}}


def _file(happening: Happening) -> dict[str, Any]:
    kind = {"document": "file", "voice": "audio", "sticker": "image"}.get(happening.kind, happening.kind)
    payload: dict[str, Any] = {"url": happening.link(happening.file(happening.kind, public=True))}
    if happening.kind == "sticker":
        payload["sticker_id"] = 369239263222822
    message: dict[str, Any] = {"attachments": [{"type": kind, "payload": payload}]}
    return {"text": happening.text, **message} if happening.text else message


def _shared(kind: str) -> Content:
    def build(happening: Happening) -> dict[str, Any]:
        moving = kind in {"ig_reel", "reel"}
        payload: dict[str, Any] = {"url": happening.link(happening.file("video" if moving else "image", public=True))}
        if kind in {"ig_reel", "ig_post"}:
            payload |= {
                "reel_video_id" if kind == "ig_reel" else "ig_post_media_id": "18000000000000001",
                "title": "Pão",
            }
        return {"attachments": [{"type": kind, "payload": payload}]}

    return build


def _story_reply(happening: Happening) -> dict[str, Any]:
    story = {"url": happening.link(happening.file("image", public=True)), "id": "18000000000000002"}
    return {"text": happening.text or "Que lindo!", "reply_to": {"story": story}}


def _location(_: Happening) -> dict[str, Any]:
    place = {"coordinates": {"lat": -23.5614, "long": -46.6559}}
    return {"attachments": [{"type": "location", "payload": place}]}


def _heart(_: Happening) -> dict[str, Any]:
    return {"attachments": [{"type": "like_heart", "payload": {}}]}


def _echo(happening: Happening) -> dict[str, Any]:
    """A person of the business wrote in its app; `ours`: as by our own app, but by nobody's outbox."""
    app = APP_ID if happening.given("ours", otherwise=False) else INBOX_APP_ID
    return {"is_echo": True, "app_id": int(app), "text": happening.text}


def _deleted(happening: Happening) -> dict[str, Any]:
    return {"mid": happening.target(), "is_deleted": True}


def _unsupported(_: Happening) -> dict[str, Any]:
    return {"is_unsupported": True}


def _raw(happening: Happening) -> dict[str, Any]:
    message: dict[str, Any] = happening.given("message", {})
    return message


_SAID: dict[str, Content] = {
    "text": _text,
    "quick_reply": _quick_reply,
    **dict.fromkeys(("image", "video", "audio", "voice", "file", "document", "sticker"), _file),
    **{kind: _shared(kind) for kind in ("share", "ig_post", "ig_reel", "reel", "story_mention")},
    "story_reply": _story_reply,
    "location": _location,
    "like_heart": _heart,
    "echo": _echo,
    "delete": _deleted,
    "unsupported": _unsupported,
    "raw": _raw,
}


def _postback(happening: Happening) -> dict[str, Any]:
    title = happening.text or "Começar"
    return {"postback": {"mid": happening.id, "title": title, "payload": str(happening.given("payload", "COMECAR"))}}


def _referral(happening: Happening) -> dict[str, Any]:
    return {"referral": {"ref": str(happening.given("ref", "promo")), "source": "SHORTLINK", "type": "OPEN_THREAD"}}


def _optin(happening: Happening) -> dict[str, Any]:
    return {"optin": {"type": "notification_messages", "payload": str(happening.given("payload", "NOVIDADES"))}}


def _reaction(happening: Happening) -> dict[str, Any]:
    emoji = happening.given("emoji", "❤️")
    if not emoji:
        return {"reaction": {"mid": happening.target(), "action": "unreact"}}
    return {"reaction": {"mid": happening.target(), "action": "react", "reaction": "love", "emoji": str(emoji)}}


def _read(happening: Happening) -> dict[str, Any]:
    if happening.channel == "instagram":
        return {"read": {"mid": happening.target()}}
    return {"read": {"watermark": int(happening.given("watermark", happening.at * 1000))}}


def _delivery(happening: Happening) -> dict[str, Any]:
    return {"delivery": {"watermark": int(happening.given("watermark", happening.at * 1000))}}


def _edit(happening: Happening) -> dict[str, Any]:
    return {"message_edit": {"mid": happening.target(), "text": happening.text, "num_edit": 1}}


def _linking(_: Happening) -> dict[str, Any]:
    return {"account_linking": {"status": "linked", "authorization_code": "code"}}


def _thread(word: str) -> Content:
    def build(happening: Happening) -> dict[str, Any]:
        apps = {
            "pass_thread_control": {"previous_owner_app_id": INBOX_APP_ID, "new_owner_app_id": APP_ID},
            "take_thread_control": {"previous_owner_app_id": APP_ID, "new_owner_app_id": INBOX_APP_ID},
            "request_thread_control": {"requested_owner_app_id": INBOX_APP_ID},
        }[word]
        return {word: {**apps, "metadata": happening.text}}

    return build


def _roles(_: Happening) -> dict[str, Any]:
    return {"app_roles": {APP_ID: ["primary_receiver"]}}


_OTHERS: dict[str, Content] = {
    "postback": _postback,
    "referral": _referral,
    "optin": _optin,
    "reaction": _reaction,
    "read": _read,
    "delivery": _delivery,
    "edit": _edit,
    "account_linking": _linking,
    **{word: _thread(word) for word in ("pass_thread_control", "take_thread_control", "request_thread_control")},
    "app_roles": _roles,
}


def _comment(happening: Happening) -> dict[str, Any]:
    return {
        "id": happening.id,
        "from": {"id": happening.customer, "username": str(happening.given("username", "cliente"))},
        "media": {"id": "18000000000000003", "media_product_type": "FEED"},
        "text": happening.text,
    }


_ONE_CHANNEL = {
    "instagram": {
        "ig_post",
        "ig_reel",
        "reel",
        "story_mention",
        "story_reply",
        "like_heart",
        "edit",
        "comment",
        "delete",
    },
    "messenger": {"sticker", "location", "delivery", "account_linking", "app_roles"},
}


def kinds_of(channel: str) -> frozenset[str]:
    """The kinds that this channel has."""
    other = _ONE_CHANNEL["messenger" if channel == "instagram" else "instagram"]
    return frozenset({*_SAID, *_OTHERS, "comment"} - other)


def require_kind(channel: str, kind: str) -> None:
    """Refuse a kind that the channel has not.

    Raises:
        Impossible: it has not.
    """
    if kind not in kinds_of(channel):
        raise Impossible(
            f"kind = {kind!r} does not happen on {channel}; known are {', '.join(sorted(kinds_of(channel)))}"
        )
