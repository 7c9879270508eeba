"""Fetches the page or file of a URL that an owner named: https and public addresses only, within size and time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from shared.kit.errors import Rejected
from shared.kit.text import clean_text
from shared.knowledge.documents.limits import LARGEST_FILE
from shared.knowledge.ingestion.retrying import Failed, failed_by_status
from shared.platform.guarded_fetching import GuardedFetching, HostNotAllowed, Origin

if TYPE_CHECKING:
    from shared.platform.public_network import Resolve

URL_LIMIT: Final = 2000  # characters: what a source's path may have
TOTAL_SECONDS: Final = 30.0  # for one document; the function has 120 s to read and embed it as well
READ_SECONDS: Final = 10.0
# What a server may declare: documents, and the words with which it says that it does not know.
_TYPES: Final = (
    "text/html",
    "application/xhtml+xml",
    "text/plain",
    "text/markdown",
    "text/csv",
    "text/tab-separated-values",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/octet-stream",
    "binary/octet-stream",
    "",
)


@dataclass(frozen=True, slots=True)
class Page:
    """The bytes of a URL, and what its server calls them."""

    raw: bytes
    content_type: str | None


class Pages:
    """One per process: it keeps connections. Threads share it."""

    def __init__(
        self,
        *,
        trusted: frozenset[str] = frozenset(),
        total_seconds: float = TOTAL_SECONDS,
        read_seconds: float = READ_SECONDS,
        resolve: "Resolve | None" = None,
    ) -> None:
        """`trusted`: origins (scheme://host:port) that may be http and anywhere: a test's own server."""
        self._fetching = GuardedFetching(
            allow=lambda url: origin_of(url, trusted=trusted),
            fail=Failed,
            trusted=trusted,
            total_seconds=total_seconds,
            read_seconds=read_seconds,
            resolve=resolve,
        )

    def fetch(self, url: str) -> Page:
        """The document at a URL. Raises Failed."""
        with self._fetching.get(url, refused=failed_by_status) as answer:
            essence = (answer.mime_type or "").partition(";")[0].strip().lower()
            if essence not in _TYPES:
                raise Failed("wrong_type", f"the address gives {essence[:80]}, which is no document")
            if answer.size is not None and answer.size > LARGEST_FILE:
                raise Failed("too_large", f"has {answer.size:,} bytes; at most {LARGEST_FILE:,} are read")
            raw = bytearray()
            for piece in answer.pieces:
                raw += piece
                if len(raw) > LARGEST_FILE:
                    raise Failed("too_large", f"has more than {LARGEST_FILE:,} bytes")
            return Page(bytes(raw), answer.mime_type)

    def close(self) -> None:
        """Close the kept connections."""
        self._fetching.close()


def checked_url(url: str) -> str:
    """The URL, if it is one that can be fetched: https, without a user, password or port of its own.

    Raises Rejected `url_unusable`, before anything is asked of the network.
    """
    cleaned = url.strip()
    try:
        origin_of(cleaned, trusted=frozenset())
    except HostNotAllowed as refused:
        raise Rejected("url_unusable", str(refused)) from None
    if len(cleaned) > URL_LIMIT or clean_text(cleaned)[1] or any(c.isspace() or not c.isprintable() for c in cleaned):
        raise Rejected("url_unusable", f"the address is longer than {URL_LIMIT} characters, or has white space in it")
    return cleaned


def origin_of(url: str, *, trusted: frozenset[str]) -> Origin:
    """The origin of a URL. Raises HostNotAllowed. Its addresses are looked at when it is connected to."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise HostNotAllowed("the URL cannot be read") from None
    port = port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    if f"{parts.scheme}://{host}:{port}" in trusted:
        return Origin(parts.scheme, host, port, trusted=True, takes_bearer=False)
    if parts.scheme != "https":
        raise HostNotAllowed(f"pages come by https, not by {parts.scheme[:20] or 'nothing'}")
    if parts.username is not None or parts.password is not None or port != 443:  # noqa: PLR2004 - https's own port
        raise HostNotAllowed("the address may have no user and no port of its own")
    if not host.isascii() or "\\" in url or "." not in host.strip("."):
        raise HostNotAllowed(f"{host[:100]!r} is no name of a public site (write others than a-z as xn--)")
    return Origin("https", host, port, trusted=False, takes_bearer=False)
