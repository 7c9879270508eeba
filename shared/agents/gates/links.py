"""Gate "links" (version 1): a reply leads only to addresses that the organization lists or that its sources name.

The agent's setting `allowed_links` is complete where it has entries: then an article that somebody has slipped a link
into leads nowhere. Without it the addresses in what the reply cites may be said. The form does not matter: without a
scheme, with look-alike letters, "hxxp", "[.]", user@host, a bare IP.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from shared.agents.gates.models import Draft, Objection
from shared.agents.gates.reading import plain

# Endings of domains that are met in messages. A scheme, a path, or a foreign letter makes a link of any other.
_ENDINGS: Final = (
    "com net org info biz site online store shop app dev xyz top link click live club vip page website space fun"
    " pro work"
    " tech blog icu buzz cam lat social loan zip mov email digital chat games art news life world today"
    " io me ly gl gd to co cc tv ai gg ru cn tk ml ga cf pw gq br pt es us uk eu fr it ar mx cl in ws su la sh id"
)
_ENDING: Final = "|".join(sorted(_ENDINGS.split(), key=len, reverse=True))
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}\w)?"
_LINK: Final = re.compile(
    rf"(?P<scheme>\b[a-z][a-z0-9+-]{{1,12}}:/{{1,3}}|\b(?:javascript|data|tel|sms|mailto|intent|whatsapp"
    rf"|file):)(?P<rest>[^\s<>\"'`|]{{1,2000}})"
    rf"|(?<![\w@.-])(?P<bare>(?:{_LABEL}\.){{1,8}}(?:(?:{_ENDING})(?![\w-])|(?-i:[a-z]{{3,24}})(?![\w-])|xn--\w+|[^\W\d_][\w-]{{0,61}}(?=[/?]\S)"
    rf"|[^\W\d_a-z]{{2,}})(?::\d{{2,5}})?(?:[/?#][^\s<>\"'`|]{{0,2000}})?)"
    r"|(?<![\d.,])(?P<ip>\d{1,3}(?:\.\d{1,3}){3}(?![\d.])(?::\d{2,5})?(?:/[^\s<>\"'`|]{0,2000})?)",
    re.IGNORECASE,
)
_HIDDEN_SCHEME: Final = re.compile(
    r"\bh(?:xx|tt|\*\*|__)ps?\s?(?:\[?:\]?)\s?/\s?/\s?|\bh t t p s? ?: ?/ ?/ ?", re.IGNORECASE
)
_HIDDEN_DOT: Final = re.compile(
    r"\s?[\[({<]\s?(?:\.|dot|ponto|punto)\s?[\])}>]\s?|(?<=\w)\s(?:dot|ponto|punto)\s(?=\w)|(?<=\w)\s\.\s?(?=\w)",
    re.IGNORECASE,
)
_MAIL: Final = re.compile(
    r"(?<![\w/.:+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}(?![\w/.-]*[/?])", re.IGNORECASE
)
_TRAILING: Final = ".,;:!?)]}*_~\u201d\u2019"


class Link(NamedTuple):
    """An address in one form: the host without "www.", the path without its last slash; "" where there is none."""

    host: str
    path: str
    query: str
    strange: bool = False


def check_links(draft: Draft) -> Objection | None:
    """Objects to the first address that nobody of the organization has named."""
    listed = [entry for entry in map(_entry, _listed(draft.settings)) if entry]
    trusted = (draft.organization,) if listed else (*draft.sources, draft.organization)
    known = {link for text in trusted for link, _ in links(text)}
    for link, words in links(draft.text):
        if link.strange:
            return Objection("disguised_link", words)
        if not (_is_cited(link, known) or any(_is_listed(link, entry) for entry in listed)):
            return Objection("unlisted_link", words)
    return None


@lru_cache(maxsize=256)
def links(text: str) -> tuple[tuple[Link, str], ...]:
    """The addresses of a text, each with the words it stands in. Addresses of mail are not links."""
    shown = plain(text)
    shown = _MAIL.sub(" ", _HIDDEN_DOT.sub(".", _HIDDEN_SCHEME.sub(_plain_scheme, shown)))
    return tuple((_link(match), match[0]) for match in _LINK.finditer(shown))


def _plain_scheme(match: re.Match[str]) -> str:
    return "https://" if "ps" in match[0].lower().replace(" ", "") else "http://"


def _link(match: re.Match[str]) -> Link:
    scheme = (match["scheme"] or "http://").lower().rstrip("/").rstrip(":")
    address = (match["rest"] or match["bare"] or match["ip"]).rstrip(_TRAILING)
    front, _, fragment = address.partition("#")
    front, _, query = front.partition("?")
    authority, slash, path = front.replace("\\", "/").partition("/")
    host = authority.rpartition("@")[2].lower().removeprefix("www.").rstrip(".")
    strange = (
        scheme not in {"http", "https"}
        or "@" in authority
        or not host.isascii()
        or "xn--" in host
        or re.fullmatch(r"[\d.x:\[\]a-f]*\d[\d.:\]]*", host) is not None
        or ".." in path
        or "%2e" in path.lower()
        or "//" in path
    )
    return Link(host, f"{slash}{path}".rstrip("/"), "?".join(filter(None, (query, fragment))), strange)


def _listed(settings: Mapping[str, Any]) -> Iterable[str]:
    entries = settings.get("allowed_links")
    return [one for one in entries if isinstance(one, str)] if isinstance(entries, list | tuple) else []


def _entry(written: str) -> Link | None:
    """An entry of `allowed_links`: "loja.com.br", "*.loja.com.br" for all below it too, or an address with a path."""
    wide = written.strip().startswith("*.")
    bare = re.sub(r"^(?:[a-z]+://)?", "", written.strip().removeprefix("*."), flags=re.IGNORECASE)
    match = _LINK.fullmatch(f"https://{bare}")
    link = _link(match) if match else None
    if link is None or link.strange:
        return None
    return link._replace(host=f"*.{link.host}") if wide else link


def _is_cited(link: Link, known: Iterable[Link]) -> bool:
    """The same address, or the beginning of one: who cites /precos/saias may name /precos."""
    return any(
        link.host == one.host
        and ((link.path, link.query) == (one.path, one.query) or (not link.query and _within(one.path, link.path)))
        for one in known
    )


def _is_listed(link: Link, entry: Link) -> bool:
    """The entry's host and what lies under its path. A query must be listed itself: it could carry words away."""
    domain = entry.host.removeprefix("*.")
    same_host = link.host == domain or (domain != entry.host and link.host.endswith(f".{domain}"))
    return same_host and _within(link.path, entry.path) and link.query in {"", entry.query}


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
