"""What the Send API of Messenger and Instagram accepts, and the refusal for each way to be wrong.

Messenger Platform, "Send API" and "Templates"; Instagram Platform, "Send messages" (text of at most 1000 bytes, no text
beside an attachment). Message tags but HUMAN_AGENT ended on 2026-04-27 (100, subcode 1893061).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.meta.graph_errors import GraphError, missing_parameter, wrong_parameter

_LONGEST_TEXT = 2000
_LONGEST_INSTAGRAM_BYTES = 1000
_LONGEST_METADATA = 1000
_LONGEST_PAYLOAD = 1000
_LONGEST_TITLE = 20
_LONGEST_ELEMENT_TITLE = 80
_MOST_QUICK_REPLIES = 13
_MOST_ELEMENTS = 10
_MOST_BUTTONS = 3
_ACTIONS = frozenset({"typing_on", "typing_off", "mark_seen", "react", "unreact"})
_TYPES = frozenset({"RESPONSE", "UPDATE", "MESSAGE_TAG"})
_ENDED_TAGS = frozenset({"CONFIRMED_EVENT_UPDATE", "POST_PURCHASE_UPDATE", "ACCOUNT_UPDATE"})
_FILES = frozenset({"image", "audio", "video", "file"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMessage:
    """A message that may be accepted. `text` is what the customer would read, None for a file."""

    to: str
    type: str
    text: str | None
    metadata: str | None
    by_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderAction:
    """Typing, seen, or a reaction to the message `message_id`."""

    to: str
    action: str
    message_id: str | None
    reaction: str | None


def read_page_request(payload: object, *, channel: str) -> PageMessage | SenderAction:
    """Check the JSON body of POST /{account}/messages.

    Raises:
        GraphError: as Meta would refuse it.
    """
    if not isinstance(payload, dict):
        raise GraphError(100, message="The request body must be a JSON object")
    to = _recipient(payload.get("recipient"))
    message = payload.get("message")
    if payload.get("sender_action") is not None:
        if message is not None:
            raise GraphError(100, message="Only one of message and sender_action can be given")
        return _action(payload, to)
    by_person = _purpose(payload, channel=channel)
    if not isinstance(message, dict):
        raise missing_parameter("message")
    kind, text = _content(message, channel=channel)
    _check_quick_replies(message.get("quick_replies"), text)
    reply_to = payload.get("reply_to")
    if reply_to is not None and (not isinstance(reply_to, dict) or not isinstance(reply_to.get("mid"), str)):
        raise missing_parameter("reply_to[mid]")
    metadata = message.get("metadata")
    if metadata is not None and (not isinstance(metadata, str) or len(metadata) > _LONGEST_METADATA):
        raise _too_long("message[metadata]", _LONGEST_METADATA)
    return PageMessage(to=to, type=kind, text=text, metadata=metadata, by_person=by_person)


def _recipient(recipient: object) -> str:
    if not isinstance(recipient, dict):
        raise missing_parameter("recipient")
    found = recipient.get("id") or recipient.get("comment_id")
    if not isinstance(found, str) or not found:
        raise missing_parameter("recipient[id]")
    if "id" in recipient and not (found.isascii() and found.isdigit()):
        raise GraphError(100, message="No matching user found", subcode=2018001)
    return found


def _action(payload: Mapping[str, Any], to: str) -> SenderAction:
    action = payload["sender_action"]
    if not isinstance(action, str) or action not in _ACTIONS:
        raise wrong_parameter("sender_action", f"must be one of {{{', '.join(sorted(_ACTIONS)).upper()}}}")
    if action not in {"react", "unreact"}:
        return SenderAction(to=to, action=action, message_id=None, reaction=None)
    details = payload.get("payload")
    target = details.get("message_id") if isinstance(details, dict) else None
    reaction = details.get("reaction") if isinstance(details, dict) else None
    if not isinstance(target, str) or not target:
        raise missing_parameter("payload[message_id]")
    if action == "react" and (not isinstance(reaction, str) or not reaction):
        raise missing_parameter("payload[reaction]")
    return SenderAction(to=to, action=action, message_id=target, reaction=reaction if action == "react" else None)


def _purpose(payload: Mapping[str, Any], *, channel: str) -> bool:
    """Whether a person wrote it, later than the window."""
    kind, tag = payload.get("messaging_type"), payload.get("tag")
    if channel == "messenger" and kind is None and tag is None:
        raise missing_parameter("messaging_type")
    if kind is not None and kind not in _TYPES:
        raise wrong_parameter("messaging_type", f"must be one of {{{', '.join(sorted(_TYPES))}}}")
    if kind == "MESSAGE_TAG" and tag is None:
        raise missing_parameter("tag")
    if tag is None:
        return False
    if tag in _ENDED_TAGS:
        raise GraphError(100, message="Invalid parameter: this message tag is no longer available", subcode=1893061)
    if tag != "HUMAN_AGENT":
        raise wrong_parameter("tag", "must be one of {HUMAN_AGENT}")
    return True


def _content(message: Mapping[str, Any], *, channel: str) -> tuple[str, str | None]:
    given = [name for name in ("text", "attachment", "attachments") if message.get(name) is not None]
    if len(given) != 1:
        raise GraphError(100, message="Exactly one of message[text] and message[attachment] must be given")
    if given == ["text"]:
        return "text", _text(message["text"], channel=channel)
    several = message["attachments"] if given == ["attachments"] else [message["attachment"]]
    if not isinstance(several, list) or not several:
        raise missing_parameter("message[attachments]")
    said = [_attachment(each, channel=channel) for each in several]
    return said[0]


def _text(text: object, *, channel: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise missing_parameter("message[text]")
    if channel == "instagram" and len(text.encode("utf-8", "surrogatepass")) > _LONGEST_INSTAGRAM_BYTES:
        raise _too_long("message[text]", _LONGEST_INSTAGRAM_BYTES)
    if len(text) > _LONGEST_TEXT:
        raise _too_long("message[text]", _LONGEST_TEXT)
    return text


def _attachment(attachment: object, *, channel: str) -> tuple[str, str | None]:
    kind = attachment.get("type") if isinstance(attachment, dict) else None
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    others = {"like_heart", "MEDIA_SHARE"} if channel == "instagram" else set()
    if not isinstance(kind, str) or kind not in _FILES | {"template"} | others:
        raise wrong_parameter("message[attachment][type]", f"must be one of {sorted(_FILES | {'template'} | others)}")
    if kind == "like_heart":
        return kind, None
    if not isinstance(payload, dict):
        raise missing_parameter("message[attachment][payload]")
    if kind == "template":
        return kind, _template(payload)
    where = payload.get("url") or payload.get("attachment_id") or payload.get("id")
    if not isinstance(where, str | int):
        raise missing_parameter("message[attachment][payload][url]")
    if "url" in payload and not str(payload["url"]).startswith(("https://", "http://")):
        raise GraphError(100, message="Upload attachment failure: the URL cannot be read", subcode=2018047)
    return kind, None


def _template(payload: Mapping[str, Any]) -> str | None:
    kind = payload.get("template_type")
    if kind == "button":
        _check_buttons(payload.get("buttons"), least=1)
        return _short(payload.get("text"), "payload[text]", 640)
    if kind != "generic":
        if not isinstance(kind, str) or not kind:
            raise missing_parameter("payload[template_type]")
        return None
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= _MOST_ELEMENTS:
        raise GraphError(100, message=f"payload[elements] must have 1 to {_MOST_ELEMENTS} elements")
    titles = []
    for element in elements:
        titles.append(_short(element.get("title") if isinstance(element, dict) else None, "title", 80))
        if element.get("subtitle") is not None:
            _short(element["subtitle"], "subtitle", _LONGEST_ELEMENT_TITLE)
        if element.get("buttons") is not None:
            _check_buttons(element["buttons"], least=1)
    return "\n".join(titles)


def _check_buttons(buttons: object, *, least: int) -> None:
    if not isinstance(buttons, list) or not least <= len(buttons) <= _MOST_BUTTONS:
        raise GraphError(100, message=f"buttons must have {least} to {_MOST_BUTTONS} elements")
    for button in buttons:
        kind = button.get("type") if isinstance(button, dict) else None
        if kind not in {"web_url", "postback", "phone_number", "account_link", "account_unlink"}:
            raise wrong_parameter("buttons[type]", "must be one of {WEB_URL, POSTBACK, PHONE_NUMBER}")
        if kind in {"web_url", "postback", "phone_number"}:
            _short(button.get("title"), "buttons[title]", _LONGEST_TITLE)
            key = "url" if kind == "web_url" else "payload"
            _short(button.get(key), f"buttons[{key}]", _LONGEST_PAYLOAD)


def _check_quick_replies(replies: object, text: str | None) -> None:
    if replies is None:
        return
    if not isinstance(replies, list) or not 1 <= len(replies) <= _MOST_QUICK_REPLIES:
        raise GraphError(100, message=f"message[quick_replies] must have 1 to {_MOST_QUICK_REPLIES} elements")
    if text is None:
        raise missing_parameter("message[text]")
    for reply in replies:
        kind = reply.get("content_type") if isinstance(reply, dict) else None
        if kind not in {"text", "user_phone_number", "user_email"}:
            raise wrong_parameter("quick_replies[content_type]", "must be one of {TEXT, USER_PHONE_NUMBER, USER_EMAIL}")
        if kind == "text":
            _short(reply.get("title"), "quick_replies[title]", _LONGEST_TITLE)
            _short(reply.get("payload"), "quick_replies[payload]", _LONGEST_PAYLOAD)


def _short(value: object, name: str, most: int) -> str:
    if not isinstance(value, str) or not value:
        raise missing_parameter(name)
    if len(value) > most:
        raise _too_long(name, most)
    return value


def _too_long(name: str, most: int) -> GraphError:
    return GraphError(100, message=f"Length of param {name} must be less than or equal to {most}")
