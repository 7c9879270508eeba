"""Reads one Markdown or text file as an entry of the knowledge base, or says what is wrong with it and what to do.

A file may begin with lines `key: value` between two lines `---`: title, type, category, tags (comma separated) and
valid_until (a date, the last day on which it holds, in the business's reckoning of days as UTC).
"""

import hashlib
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from shared.kit.errors import Rejected
from shared.kit.text import clean_text, truncate
from shared.knowledge.chunking import CHUNKING
from shared.knowledge.models import Entry
from shared.knowledge.portuguese import CONFIGURATION

FILE_LIMIT: Final = 1_000_000  # bytes: some 1,500 chunks, one transaction of a few seconds
PATH_LIMIT: Final = 2000  # characters
_TITLE_LIMIT: Final = 500
_CATEGORY_LIMIT: Final = 200
_TAG_LIMIT: Final = 100
_TYPES: Final = ("faq", "policy", "procedure", "product_info")
_KEYS: Final = ("title", "type", "category", "tags", "valid_until")
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^ {0,3}#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


def read_article(raw: bytes, *, path: str, model: str) -> Entry:
    """The entry that a file's bytes make. `path` names it within its folder; `model` is part of its digest.

    Raises Rejected: `bad_name`, `too_large`, `not_utf8`, `empty`, `front_matter`; the message says what to do.
    """
    if clean_text(path)[1] or len(path) > PATH_LIMIT:
        raise Rejected("bad_name", f"has a name that is not UTF-8 or longer than {PATH_LIMIT}; rename it")
    if len(raw) > FILE_LIMIT:
        raise Rejected("too_large", f"has {len(raw):,} bytes; split it into files of at most {FILE_LIMIT:,}")
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected("not_utf8", f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    document, _ = clean_text(decoded.replace("\r\n", "\n").replace("\r", "\n"))
    front = _FRONT.match(document)
    facts = _facts(front[1]) if front else {}
    content = document[front.end() :].strip() if front else document.strip()
    if not re.search(r"\w", content):
        raise Rejected("empty", "says nothing; write something in it or delete it")
    return Entry(
        title=truncate(facts.get("title") or _title_of(content, path), _TITLE_LIMIT),
        content=content,
        content_type=_content_type(facts.get("type", "faq")),
        category=truncate(facts["category"], _CATEGORY_LIMIT) if facts.get("category") else None,
        tags=tuple(truncate(tag.strip(), _TAG_LIMIT) for tag in facts.get("tags", "").split(",") if tag.strip()),
        valid_until=_end_of_day(facts["valid_until"]) if facts.get("valid_until") else None,
        source_path=path,
        source_digest=_digest(raw, model),
    )


def _digest(raw: bytes, model: str) -> str:
    """Changes with the file and with every rule by which its chunks are made."""
    rules = f"{CHUNKING} {CONFIGURATION} {model}\n".encode()
    return hashlib.sha256(rules + raw).hexdigest()


def _facts(lines: str) -> dict[str, str]:
    facts = {}
    for line in lines.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon or key.strip() not in _KEYS:
            raise Rejected(
                "front_matter", f"has the line {truncate(line, 80)!r} above its text; known are {', '.join(_KEYS)}"
            )
        facts[key.strip()] = value.strip().strip("\"'")
    return facts


def _title_of(content: str, path: str) -> str:
    heading = _TITLE.search(content)
    return heading[1] if heading else path.rpartition("/")[2].rpartition(".")[0].replace("-", " ").replace("_", " ")


def _content_type(value: str) -> str:
    if value not in _TYPES:
        raise Rejected("front_matter", f"has the type {truncate(value, 80)!r}; use one of {', '.join(_TYPES)}")
    return value


def _end_of_day(value: str) -> datetime:
    try:
        last_day = date.fromisoformat(value)
        return datetime.combine(last_day + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise Rejected("front_matter", f"is valid until {truncate(value, 80)!r}; write a date as 2026-12-31") from None
