"""The attachments of a Messenger or Instagram message: `[{type, payload{url?, …}, title?, url?}]`.

Types: image, video, audio, file; share, fallback (a link with its preview), ig_post, ig_reel, reel, story, ig_story,
story_mention, like_heart, location, template, and whatever comes next: such a message is kept as unsupported.
"""

from typing import NamedTuple

from shared.channels.items import Media, identifier, storable

URL_LIMIT = 4000  # characters; Meta's signed addresses have several hundred

_TYPES = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "document",
    "sticker": "sticker",
    "share": "share",
    "fallback": "share",
    "post": "share",
    "ig_post": "share",
    "reel": "share",
    "ig_reel": "share",
    "story": "story",
    "ig_story": "story",
    "story_mention": "story",
    "like_heart": "sticker",
    "location": "location",
    "template": "template",
}
_FILES = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "document",
    "sticker": "sticker",
    "share": "share",
    "ig_post": "share",
    "reel": "video",
    "ig_reel": "video",
    "story": "story",
    "ig_story": "story",
    "story_mention": "story",
}
_PLAIN = ("image", "video", "audio", "file", "share", "story")  # the message's type says all that this word says
_FALLBACK = "fallback"  # a web page, not a file


class Attached(NamedTuple):
    """What the attachments are: a message type (None: there are none), files, a readable text, and what is left."""

    type: str | None
    media: list[Media]
    text: str | None
    rest: list[object]


def read_attachments(value: object) -> Attached | str:
    """Read the list; a sentence says why it cannot be read."""
    if value is None:
        return Attached(None, [], None, [])
    attachments = [value] if isinstance(value, dict) else value  # the dashboard's samples send a single object
    if not isinstance(attachments, list):
        return "attachments are not a list"
    types: list[str] = []
    media: list[Media] = []
    texts: list[str] = []
    rest: list[object] = []
    for attachment in attachments:
        if not isinstance(attachment, dict):
            return "an attachment is not an object"
        types.append(_TYPES.get(str(attachment.get("type")), "unsupported"))
        file = _file(attachment)
        if file is not None:
            media.append(file)
        text = _text(attachment)
        if text is not None:
            texts.append(text)
        if file is None or _says_more(attachment):
            rest.append(storable(attachment))
    return Attached(types[0] if types else None, media, "\n".join(texts) or None, rest)


def _payload(attachment: dict[str, object]) -> dict[str, object]:
    payload = attachment.get("payload")
    return payload if isinstance(payload, dict) else {}


def _file(attachment: dict[str, object]) -> Media | None:
    payload = _payload(attachment)
    kind = _FILES.get(str(attachment.get("type")))
    url = identifier(payload.get("url"), limit=URL_LIMIT)
    if kind is None or url is None:
        return None
    return {"kind": "sticker" if payload.get("sticker_id") is not None else kind, "url": url}


def _says_more(attachment: dict[str, object]) -> bool:
    plain = attachment.get("type") in _PLAIN and set(attachment) <= {"type", "payload"}
    return not plain or not set(_payload(attachment)) <= {"url"}


def _text(attachment: dict[str, object]) -> str | None:
    kind, payload = attachment.get("type"), _payload(attachment)
    if kind == "like_heart":
        return "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}"
    if kind == "location":
        coordinates = payload.get("coordinates")
        where = coordinates if isinstance(coordinates, dict) else {}
        latitude, longitude = where.get("lat"), where.get("long")
        numbers = isinstance(latitude, int | float) and isinstance(longitude, int | float)
        return f"{latitude}, {longitude}" if numbers else None
    titles = (attachment.get("title"), payload.get("title"), attachment.get("url") if kind == _FALLBACK else None)
    return next((title for title in titles if isinstance(title, str) and title), None)
