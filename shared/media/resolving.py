"""Where the bytes of a medium are now: a media id becomes a URL anew at each attempt, because URLs live 5 minutes.

GET {base}/{version}/{media id} with a bearer token: {url, mime_type, sha256, file_size, id} (Cloud API, "Media").
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from shared.media.fetching import Fetching
from shared.media.models import Transfer
from shared.media.retrying import Failed, failed_by_graph

_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A URL that can be read now, and what the provider says of its bytes; None where it says nothing."""

    url: str
    mime_type: str | None
    sha256: str | None
    size: int | None


def find_source(transfer: Transfer, *, fetching: Fetching, graph_url: str, token: str | None) -> Source:
    """The medium's source; `graph_url` is the Graph API with its version. Raises Failed."""
    declared = Source(transfer.url or "", transfer.declared_mime_type, transfer.declared_sha256, transfer.declared_size)
    if transfer.provider_media_id is None:
        if not declared.url:
            raise Failed("no_source", "the webhook named neither an id nor a URL")
        return declared
    if not token:
        raise Failed("no_token", "the connection has no usable token")
    answer = _ask(f"{graph_url}/{quote(transfer.provider_media_id, safe='')}", fetching=fetching, token=token)
    url, mime_type, sha256, size = (answer.get(name) for name in ("url", "mime_type", "sha256", "file_size"))
    if not isinstance(url, str) or not url:
        raise Failed("bad_answer", "the answer to the media id has no URL")
    return Source(
        url=url,
        # what the webhook said was signed, so it counts first
        mime_type=declared.mime_type or (mime_type if isinstance(mime_type, str) else None),
        sha256=declared.sha256 or (sha256 if isinstance(sha256, str) and sha256 else None),
        size=size if isinstance(size, int) and not isinstance(size, bool) else _number(size) or declared.size,
    )


def _ask(url: str, *, fetching: Fetching, token: str) -> dict[str, object]:
    try:
        with fetching.get(url, token=token, has_id=True) as answer:
            raw = _whole(answer.pieces)
    except Failed as failed:
        raise failed_by_graph(failed, _parsed(failed.body)) from None
    parsed = _parsed(raw)
    if not isinstance(parsed, dict):
        raise Failed("bad_answer", "the answer to the media id is no JSON object")
    return parsed


def _whole(pieces: Iterator[bytes]) -> bytes:
    raw = b""
    for piece in pieces:
        raw += piece
        if len(raw) > _ANSWER_BYTES:
            raise Failed("bad_answer", "the answer to the media id is too long")
    return raw


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else None  # noqa: PLR2004
