"""What each channel takes in one message that is more than text, and the checks that say what is wrong.

Sources: the Cloud API's message reference (interactive objects, media), Messenger's quick replies and templates,
Instagram's messaging reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from shared.kit.errors import Rejected

_ALL_KINDS: Final = frozenset({"image", "audio", "video", "document", "sticker"})


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one channel: characters, except the counts `buttons` and `rows`.

    `caption`: the longest text beside a file, 0 when a file stands alone. `lists`: there is such a message; otherwise
    choices become quick replies, or a numbered text when they do not fit into those.
    """

    media: frozenset[str]
    caption: int
    interactive_body: int
    buttons: int
    rows: int
    title: dict[str, int]
    choice_id: int
    description: int
    lists: bool
    templates: bool


_WHATSAPP: Final = Limits(
    media=_ALL_KINDS,
    caption=1024,
    interactive_body=1024,
    buttons=3,
    rows=10,
    title={"buttons": 20, "list": 24},
    choice_id=200,
    description=72,
    lists=True,
    templates=True,
)
_PAGES: Final = Limits(
    media=_ALL_KINDS,
    caption=0,
    interactive_body=1000,
    buttons=13,
    rows=13,
    title={"buttons": 80, "list": 80},
    choice_id=1000,
    description=80,
    lists=False,
    templates=False,
)
LIMITS: Final[dict[str, Limits]] = {"whatsapp": _WHATSAPP, "messenger": _PAGES, "instagram": _PAGES}

# Files that have no text beside them on any channel.
_WITHOUT_CAPTION: Final = frozenset({"audio", "sticker"})
_LONGEST_LINK: Final = 2000


def short(value: object, name: str, *, most: int) -> str:
    """The text, when it is one of 1 to `most` characters."""
    if not isinstance(value, str) or not value.strip():
        raise Rejected("bad_message", f"{name} needs text")
    if len(value) > most:
        raise Rejected("bad_message", f"{name} has {len(value)} characters; at most {most} are taken")
    return value


def several(value: object, name: str, *, least: int, most: int) -> Sequence[Any]:
    """The list, when it has `least` to `most` elements."""
    if not isinstance(value, list | tuple) or not least <= len(value) <= most:
        count = len(value) if isinstance(value, list | tuple) else "no list of"
        raise Rejected("bad_message", f"there are {count} {name}; {least} to {most} are taken")
    return value


def message_id(payload: dict[str, Any]) -> None:
    """A reaction or a read mark names a message of the provider."""
    short(payload.get("message_id"), "the message's id", most=1000)


def media_kind(payload: dict[str, Any], limits: Limits) -> None:
    """The kind, exactly one of link and id, and what stands beside the file."""
    kind = payload.get("kind")
    if kind not in limits.media:
        raise Rejected("bad_message", f"a file of kind {kind!r} cannot be sent; {', '.join(sorted(limits.media))} can")
    link, uploaded = payload.get("link"), payload.get("media_id")
    if (link is None) == (uploaded is None):
        raise Rejected("bad_message", "a file needs either a link or the provider's id of an upload")
    if uploaded is not None:
        short(uploaded, "the file's id", most=500)
    elif urlsplit(short(link, "the file's link", most=_LONGEST_LINK)).scheme != "https":
        raise Rejected("bad_message", "the provider fetches files over https only")
    if payload.get("caption"):
        if kind in _WITHOUT_CAPTION:
            raise Rejected("bad_message", f"a file of kind {kind} has no caption")
        short(payload["caption"], "the caption", most=limits.caption)
    if payload.get("filename"):
        short(payload["filename"], "the file's name", most=240)
