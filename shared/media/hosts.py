"""The hosts that Meta serves media from, as data; bytes come from nowhere else, and the bearer goes to few of them.

Sources: Cloud API reference, "Media" (the URL of a media id is on lookaside.fbsbx.com and needs the bearer token);
attachment URLs in Messenger and Instagram webhooks, which are signed links of Meta's CDNs and need none.
"""

from typing import Final
from urllib.parse import urlsplit

from shared.platform.guarded_fetching import HostNotAllowed, Origin

__all__ = ["HostNotAllowed", "Origin", "origin_name", "origin_of"]

# A name that begins with a dot stands for every name below it.
MEDIA_HOSTS: Final = (
    "lookaside.fbsbx.com",
    "cdn.fbsbx.com",
    ".fbcdn.net",
    ".cdninstagram.com",
    ".whatsapp.net",
)
# Where the token of a connection may go, besides the Graph API itself.
BEARER_HOSTS: Final = ("lookaside.fbsbx.com",)


def origin_of(url: str, *, trusted: frozenset[str]) -> Origin:
    """The origin of a URL of media. Raises HostNotAllowed.

    `trusted` holds origins as `origin_name` writes them.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise HostNotAllowed("the URL cannot be read") from None
    port = port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    if f"{parts.scheme}://{host}:{port}" in trusted:
        return Origin(parts.scheme, host, port, trusted=True, takes_bearer=True)
    if parts.scheme != "https":
        raise HostNotAllowed(f"media come by https, not by {parts.scheme[:20] or 'nothing'}")
    if parts.username is not None or port != 443:  # noqa: PLR2004 - https's own port
        raise HostNotAllowed("media URLs have no user and no port of their own")
    if not host.isascii() or not any(_is(host, name) for name in MEDIA_HOSTS):
        raise HostNotAllowed(f"{host[:100]} is no host of Meta's media")
    return Origin("https", host, port, trusted=False, takes_bearer=host in BEARER_HOSTS)


def origin_name(url: str) -> str:
    """`scheme://host:port` of a configured URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port or {'https': 443, 'http': 80}[parts.scheme]}"


def _is(host: str, name: str) -> bool:
    if name.startswith("."):
        return host.endswith(name) and all(host.split("."))
    return host == name
