"""The messages that can be sent, neutral over providers, as the outbox stores them; checked before they are stored.

{"type": "text", "text": {"body"}}
{"type": "media", "kind", "link" or "media_id", "caption"?, "filename"?}
{"type": "buttons", "body", "buttons": [{id, title}]}
{"type": "list", "body", "button", "sections": [{title, rows: [{id, title, description?}]}]}
{"type": "template", "name", "language", "components", "category"?}
{"type": "reaction", "message_id", "emoji"}
Each may have "reply_to": the provider's id of the message that it answers.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

from shared.channels.message_limits import LIMITS, Limits, media_kind, message_id, several, short
from shared.channels.text_parts import TEXT_LIMITS, split_text
from shared.kit.errors import Rejected
from shared.kit.text import clean_text

MediaKind = Literal["image", "audio", "video", "document", "sticker"]
# Without its text a sentence of choices says nothing: what a numbered list is made of.
_MOST_PARTS: Final = 20


def text_payload(text: str) -> dict[str, Any]:
    """A text message."""
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def media_payload(
    kind: MediaKind, *, link: str | None = None, media_id: str | None = None, caption: str = "", filename: str = ""
) -> dict[str, Any]:
    """A file by its public https link or by the provider's id of an upload."""
    named = {"link": link, "media_id": media_id, "caption": caption, "filename": filename}
    return {"type": "media", "kind": kind, **{name: value for name, value in named.items() if value}}


def buttons_payload(body: str, buttons: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A text with choices, each an id and a title."""
    return {"type": "buttons", "body": body, "buttons": [{"id": name, "title": title} for name, title in buttons]}


def list_payload(body: str, *, button: str, sections: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A text with a list behind a button; a section is {title, rows: [{id, title, description?}]}."""
    return {"type": "list", "body": body, "button": button, "sections": list(sections)}


def template_payload(
    name: str, *, language: str, components: Sequence[dict[str, Any]] = (), category: str = "marketing"
) -> dict[str, Any]:
    """An approved template of WhatsApp; `components` as the provider takes them, with their parameters.

    `category` decides whether a customer who opted out gets it: 'marketing', 'utility' or 'authentication'.
    """
    return {
        "type": "template",
        "name": name,
        "language": language,
        "components": list(components),
        "category": category,
    }


def body_parameters(*texts: str) -> dict[str, Any]:
    """The component with the values of a template's body, in order."""
    return {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}


def reaction_payload(message_id: str, emoji: str | None) -> dict[str, Any]:
    """A reaction to a customer's message; None takes it back."""
    return {"type": "reaction", "message_id": message_id, "emoji": emoji or ""}


def parts_for(provider: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The payload as the messages that the channel takes, in order: long text is split, captions become texts.

    Raises Rejected('bad_message'), which names what the channel does not take, before anything is stored.
    """
    if provider not in LIMITS:
        raise Rejected("bad_message", f"messages cannot be sent over {provider}")
    limits = LIMITS[provider]
    if payload.get("type") == "text":
        parts = _text_parts(provider, payload)
    elif payload.get("type") == "media" and payload.get("caption") and not limits.caption:
        bare = {name: value for name, value in payload.items() if name != "caption"}
        parts = [bare, *_text_parts(provider, text_payload(str(payload["caption"])))]
    else:
        parts = [payload]
    for part in parts:
        _check(part, limits, provider=provider)
    return parts


def readable_text(payload: dict[str, Any]) -> str | None:
    """What the message says, for the conversation's record."""
    match payload["type"]:
        case "text":
            return str(payload["text"]["body"])
        case "media":
            return payload.get("caption")
        case "buttons" | "list":
            return numbered(payload)
        case "reaction":
            return payload["emoji"] or None
        case _:
            return payload.get("text")


def numbered(payload: dict[str, Any]) -> str:
    """A text with choices as plain text: the body, and each choice on a line with its number."""
    rows = choices(payload)
    lines = [
        f"{number}. {row['title']}" + (f" — {row['description']}" if row.get("description") else "")
        for number, row in enumerate(rows, start=1)
    ]
    return "\n".join([payload["body"], *lines])


def choices(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons, or the rows of all sections."""
    if payload["type"] == "buttons":
        return list(payload["buttons"])
    return [row for section in payload["sections"] for row in section["rows"]]


def _text_parts(provider: str, payload: dict[str, Any]) -> list[dict[str, Any]]:
    body = payload.get("text", {}).get("body") if isinstance(payload.get("text"), dict) else None
    if not isinstance(body, str) or not body.strip():
        raise Rejected("bad_message", "a text message needs text")
    limit, measure = TEXT_LIMITS[provider]
    texts = split_text(clean_text(body)[0], limit=limit, measure=measure)
    if len(texts) > _MOST_PARTS:
        raise Rejected("bad_message", f"the text would be {len(texts)} messages; at most {_MOST_PARTS} are sent")
    # only the first answers another message
    return [
        {**(payload if position == 0 else {}), **text_payload(part), "text": {**payload["text"], "body": part}}
        for position, part in enumerate(texts)
    ]


def _check(payload: dict[str, Any], limits: Limits, *, provider: str) -> None:
    match payload.get("type"):
        case "text":
            pass  # split to measure
        case "media":
            media_kind(payload, limits)
        case "buttons":
            several(payload.get("buttons"), "buttons", least=1, most=limits.buttons)
            _check_choices(payload, limits, provider=provider)
        case "list":
            _check_sections(payload, limits)
            _check_choices(payload, limits, provider=provider)
        case "template":
            if not limits.templates:
                raise Rejected("bad_message", f"{provider} knows no templates; send a text within the window")
            short(payload.get("name"), "the template's name", most=512)
            short(payload.get("language"), "the template's language", most=15)
            several(payload.get("components", []), "components", least=0, most=20)
        case "reaction":
            message_id(payload)
            if payload.get("emoji"):
                short(payload["emoji"], "the emoji", most=20)
        case other:
            raise Rejected("bad_message", f"a message of type {other!r} cannot be sent")


def _check_sections(payload: dict[str, Any], limits: Limits) -> None:
    short(payload.get("button"), "the list's button", most=20)
    sections = several(payload.get("sections"), "sections", least=1, most=10)
    for section in sections:
        rows = section.get("rows") if isinstance(section, dict) else None
        several(rows, "rows of a section", least=1, most=limits.rows)
        if len(sections) > 1:
            short(section.get("title"), "the title of a section", most=24)


def _check_choices(payload: dict[str, Any], limits: Limits, *, provider: str) -> None:
    body = short(payload.get("body"), "the body", most=limits.interactive_body)
    found = several(choices(payload), "choices", least=1, most=limits.rows)
    for row in found:
        if not isinstance(row, dict):
            raise Rejected("bad_message", "a choice is {id, title}")
        short(row.get("id"), "a choice's id", most=limits.choice_id)
        short(row.get("title"), "a choice's title", most=limits.title[payload["type"]])
        if row.get("description"):
            short(row["description"], "a choice's description", most=limits.description)
    if len({row["id"] for row in found}) < len(found):
        raise Rejected("bad_message", "two choices have one id")
    limit, measure = TEXT_LIMITS[provider]
    if measure(body) > limit or (not limits.lists and measure(numbered(payload)) > limit):
        raise Rejected("bad_message", f"the body with its choices is longer than {provider} takes ({limit})")
