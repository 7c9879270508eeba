"""Reads one document as an entry of the knowledge base, or says what is wrong with it and what to do.

A Markdown or text file may begin with lines `key: value` between two lines `---`: title, type, category, tags (comma
separated) and valid_until (a date, the last day on which it holds, in the business's reckoning of days as UTC).
"""

import hashlib
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from shared.kit.errors import Rejected
from shared.kit.text import clean_text, truncate
from shared.knowledge.chunking import CHUNKING
from shared.knowledge.documents.document import Document, Kind
from shared.knowledge.documents.reading import DocumentReader
from shared.knowledge.documents.sniffing import kind_of
from shared.knowledge.models import Entry
from shared.knowledge.portuguese import CONFIGURATION

READING: Final = "documents-1"  # name of the rules by which other formats become Markdown
PATH_LIMIT: Final = 2000  # characters
_TITLE_LIMIT: Final = 500
_CATEGORY_LIMIT: Final = 200
_TAG_LIMIT: Final = 100
_TYPES: Final = ("faq", "policy", "procedure", "product_info")
_KEYS: Final = ("title", "type", "category", "tags", "valid_until")
_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^ {0,3}#[ \t]+(.+)$", re.MULTILINE)
# What programs write as the title of a PDF when nobody has given one.
_NO_TITLE = re.compile(
    r"microsoft |untitled|sem t[ií]tulo|documento?\s*\d*$|.*\.(?:docx?|pdf|odt|indd|pptx?|xlsx?)$", re.IGNORECASE
)


def read_article(
    raw: bytes, *, path: str, reader: DocumentReader | None = None, content_type: str | None = None
) -> Entry:
    """The entry that a document's bytes make. `path` names it within its source.

    `reader` is kept by who reads many; `content_type` is what a server declared.
    Raises Rejected: `bad_name`, `empty`, `front_matter` and those of DocumentReader.read; the message says what to do.
    """
    if clean_text(path)[1] or len(path) > PATH_LIMIT:
        raise Rejected("bad_name", f"has a name that is not UTF-8 or longer than {PATH_LIMIT}; rename it")
    kind = kind_of(raw, name=path, content_type=content_type)
    if reader is None:
        with DocumentReader() as own:
            document = own.read_as(kind, raw, content_type=content_type)
    else:
        document = reader.read_as(kind, raw, content_type=content_type)
    basis = f"{document.title}\n{document.text}".encode("utf-8", "replace") if kind == "html" else raw
    return _entry(document, kind, path=path, digest=_digest(basis, kind))


def digest_before_reading(raw: bytes, *, path: str) -> str | None:
    """The digest that `read_article` will give the entry, None for web pages: most of their bytes change by themselves.

    Raises Rejected `unknown_format`, `damaged`.
    """
    kind = kind_of(raw, name=path)
    return None if kind == "html" else _digest(raw, kind)


def _entry(document: Document, kind: Kind, *, path: str, digest: str) -> Entry:
    text, _ = clean_text(document.text.replace("\r\n", "\n").replace("\r", "\n"))
    front = _FRONT.match(text) if kind in ("markdown", "text") else None
    facts = _facts(front[1]) if front else {}
    content = text[front.end() :].strip() if front else text.strip()
    if not re.search(r"\w", content):
        raise Rejected("empty", "says nothing; write something in it or delete it")
    title = facts.get("title") or _own_title(document, kind) or _title_of(content, path)
    return Entry(
        title=truncate(title, _TITLE_LIMIT),
        content=content,
        content_type=_content_type(facts.get("type", "faq")),
        category=truncate(facts["category"], _CATEGORY_LIMIT) if facts.get("category") else None,
        tags=tuple(truncate(tag.strip(), _TAG_LIMIT) for tag in facts.get("tags", "").split(",") if tag.strip()),
        valid_until=_end_of_day(facts["valid_until"]) if facts.get("valid_until") else None,
        source_path=path,
        source_digest=digest,
    )


def _own_title(document: Document, kind: Kind) -> str:
    title, _ = clean_text(document.title)
    return "" if kind == "pdf" and _NO_TITLE.match(title) else title


def _digest(basis: bytes, kind: Kind) -> str:
    """Changes with the file and with every rule by which its chunks are made."""
    reading = "" if kind in ("markdown", "text") else f" {READING}"
    rules = f"{CHUNKING} {CONFIGURATION}{reading}\n".encode()
    return hashlib.sha256(rules + basis).hexdigest()


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
    if heading and (named := heading[1].rstrip(" \t#")):
        return named
    name = path.rstrip("/").rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return stem.replace("-", " ").replace("_", " ").strip() or path


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
