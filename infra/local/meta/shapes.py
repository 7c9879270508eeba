"""What the Graph API accepts as a WhatsApp message, and the refusal for each way to be wrong.

Rules are those of the Cloud API's reference "Messages"; `biz_opaque_callback_data` is at most 512 characters.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.meta.graph_errors import GraphError, missing_parameter, wrong_parameter
from infra.local.meta.interactive_shapes import interactive, template, text_field

_LONGEST_TEXT = 4096
_LONGEST_CAPTION = 1024
_LONGEST_OPAQUE = 512
_LONGEST_FILE_NAME = 240
_PHONE = re.compile(r"^\+?[0-9][0-9 ()-]{5,24}$")
_USER_ID = re.compile(r"^[A-Z]{2}\.[A-Za-z0-9]{1,128}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidMessage:
    """A message that may be accepted. `to` is as given; `text` is what the customer would read, None for media."""

    to: str
    wa_id: str
    type: str
    text: str | None
    opaque: str | None
    reaches_customer: bool  # false for a user id in `to`, which Meta accepts and drops


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReceipt:
    """A request to mark a message as read, and perhaps to show that someone types."""

    message_id: str
    typing: bool


def read_request(payload: object) -> ValidMessage | ReadReceipt:
    """Check the JSON body of POST /{phone_number_id}/messages.

    Raises:
        GraphError: as Meta would refuse it.
    """
    if not isinstance(payload, dict):
        raise wrong_parameter("messaging_product", "must be sent in a JSON object")
    if payload.get("messaging_product") != "whatsapp":
        raise missing_parameter("messaging_product")
    if payload.get("status") is not None:
        return _read_receipt(payload)
    if payload.get("recipient_type", "individual") not in {"individual", "group"}:
        raise wrong_parameter("recipient_type", "must be one of {individual, group}")
    kind = payload.get("type", "text")
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise wrong_parameter("type", f"must be one of {{{', '.join(sorted(_CHECKS)).upper()}}}")
    content = payload.get(kind)
    if not isinstance(content, dict | list):
        raise missing_parameter(kind)
    to, wa_id, reaches = _recipient(payload)
    text = check(content)
    _check_context(payload.get("context"))
    return ValidMessage(to=to, wa_id=wa_id, type=kind, text=text, opaque=_opaque(payload), reaches_customer=reaches)


def _read_receipt(payload: Mapping[str, Any]) -> ReadReceipt:
    if payload["status"] != "read":
        raise wrong_parameter("status", "must be one of {read}")
    message_id = payload.get("message_id")
    if not isinstance(message_id, str) or not message_id:
        raise missing_parameter("message_id")
    if not message_id.startswith("wamid."):
        raise GraphError(131009, details="message_id is not a valid message id")
    typing = payload.get("typing_indicator")
    if typing is not None and typing != {"type": "text"}:
        raise wrong_parameter("typing_indicator['type']", "must be one of {text}")
    return ReadReceipt(message_id=message_id, typing=typing is not None)


def _recipient(payload: Mapping[str, Any]) -> tuple[str, str, bool]:
    to, user_id = payload.get("to"), payload.get("recipient")
    if to is None and user_id is None:
        raise missing_parameter("to")
    if to is None:
        if not isinstance(user_id, str) or not _USER_ID.match(user_id):
            raise GraphError(131009, details="recipient is not a valid user id")
        return user_id, user_id, True
    if not isinstance(to, str) or not (_PHONE.match(to) or _USER_ID.match(to)):
        raise GraphError(131009, details="to is not a valid phone number")
    if _USER_ID.match(to):
        return to, to, False
    return to, re.sub(r"\D", "", to), True


def _opaque(payload: Mapping[str, Any]) -> str | None:
    opaque = payload.get("biz_opaque_callback_data")
    if opaque is None:
        return None
    if not isinstance(opaque, str) or len(opaque) > _LONGEST_OPAQUE:
        raise wrong_parameter("biz_opaque_callback_data", f"must be at most {_LONGEST_OPAQUE} characters long")
    return opaque


def _check_context(context: object) -> None:
    if context is None:
        return
    if not isinstance(context, dict) or not isinstance(context.get("message_id"), str):
        raise missing_parameter("context['message_id']")


def _text(content: Any) -> str:
    return text_field(content, "body", name="text['body']", longest=_LONGEST_TEXT)


def _media(content: Any) -> str | None:
    if not isinstance(content, dict) or ("id" in content) == ("link" in content):
        raise GraphError(131009, details="exactly one of id and link must be given")
    where = content.get("link", content.get("id"))
    if not isinstance(where, str) or not where or ("link" in content and not where.startswith(("https:", "http:"))):
        raise GraphError(131009, details="id must be a text, and link an address of the web")
    if content.get("filename") is not None:
        text_field(content, "filename", name="filename", longest=_LONGEST_FILE_NAME)
    if "caption" in content:
        return text_field(content, "caption", name="caption", longest=_LONGEST_CAPTION)
    return None


def _alone(content: Any) -> str | None:
    """An audio or a sticker, which has no text beside it."""
    if isinstance(content, dict) and "caption" in content:
        raise wrong_parameter("caption", "is not supported for this type of media")
    return _media(content)


def _location(content: Any) -> None:
    for key in ("latitude", "longitude"):
        if not isinstance(content, dict) or not isinstance(content.get(key), int | float | str):
            raise missing_parameter(f"location['{key}']")


def _contacts(content: Any) -> None:
    if not isinstance(content, list) or not content:
        raise missing_parameter("contacts")


def _reaction(content: Any) -> str | None:
    text_field(content, "message_id", name="reaction['message_id']", longest=1000)
    emoji = content.get("emoji", "")
    return emoji if isinstance(emoji, str) else None


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "text": _text,
    "template": template,
    "interactive": interactive,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    **dict.fromkeys(("image", "video", "document"), _media),
    **dict.fromkeys(("audio", "sticker"), _alone),
}
