"""The file of a WhatsApp message: `{id, mime_type, sha256, filename?, voice?, animated?, url?, caption?}`.

`url` comes with newer versions of the Graph API and expires within minutes; the id stays usable for seven days.
"""

from shared.channels.items import Media, identifier, leftovers, short_text

_URL_LIMIT = 4000  # characters; Meta's signed addresses have several hundred
_READ_KEYS = frozenset({"id", "url", "mime_type", "sha256", "filename", "voice", "animated", "file_size", "caption"})


def file_of(kind: str, body: dict[str, object]) -> tuple[Media | None, dict[str, object]]:
    """Return the file, None when neither an id nor an address names it, and the members that were not read."""
    media: Media = {"kind": kind}
    identity, url = identifier(body.get("id")), identifier(body.get("url"), limit=_URL_LIMIT)
    if identity is not None:
        media["id"] = identity
    if url is not None:
        media["url"] = url
    mime_type, digest = identifier(body.get("mime_type")), identifier(body.get("sha256"))
    if mime_type is not None:
        media["mime_type"] = mime_type
    if digest is not None:
        media["sha256"] = digest
    _add_details(media, body)
    rest = leftovers(body, known=_READ_KEYS)
    return (None if identity is None and url is None else media), rest


def _add_details(media: Media, body: dict[str, object]) -> None:
    filename, size = short_text(body.get("filename")), body.get("file_size")
    if filename is not None:
        media["filename"] = filename
    if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**53:
        media["size"] = size
    if body.get("voice") is True:
        media["voice"] = True
    if body.get("animated") is True:
        media["animated"] = True
