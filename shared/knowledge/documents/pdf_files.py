"""PDF files as text: pages joined, larger lines as headings, without page numbers. Runs in `child.py`."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from shared.kit.errors import Rejected
from shared.knowledge.documents.document import Document
from shared.knowledge.documents.limits import PDF_PAGES, TEXT_LIMIT

if TYPE_CHECKING:
    from pypdf import PdfReader

_LARGER: Final = 1.15  # a heading's size as a share of the text's
_HEADING_LENGTH: Final = 120  # characters; a longer line is a paragraph in large print
_RUNNING_PAGES: Final = 3  # pages from which on a line that most of them begin or end with is no text
_NUMBER = re.compile(r"\W*(?:p[áa]g(?:ina)?\.?\s*)?\d{1,4}(?:\s*(?:/|de|of)\s*\d{1,4})?\W*", re.IGNORECASE)
_ENDS_SENTENCE = re.compile(r"[.!?:;…]\W*$")
_BEGINS_ANEW = re.compile(r"\s*(?:[-\u2013•*+]\s|\d{1,3}[.)]\s|[A-ZÀ-Þ0-9])")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float  # of its largest letters, in points; 0 when unknown


def read_pdf(raw: bytes) -> Document:
    """A PDF's text. Raises Rejected `encrypted`, `too_many_pages`, `too_large`, `no_text` (a scan), `damaged`."""
    from pypdf import PdfReader  # noqa: PLC0415 (the child alone needs it)

    try:
        reader = PdfReader(io.BytesIO(raw))
        _check(reader)
        lines = [*_without_running_lines(list(_pages(reader)))]
        title = " ".join(str(reader.metadata.title or "").split()) if reader.metadata else ""
    except (Rejected, MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - whatever a damaged file makes a parser raise
        raise Rejected("damaged", "is a damaged PDF; make it again") from None
    text = "\n".join(_paragraphs(lines)).strip()
    if not re.search(r"\w", text):
        raise Rejected(
            "no_text", "has pictures of text but no text (a scan); have its text recognised (OCR) and import that"
        )
    return Document(title, text)


def _check(reader: "PdfReader") -> None:
    if reader.is_encrypted:
        raise Rejected("encrypted", "is locked by a password; save it without one")
    pages = len(reader.pages)
    if pages > PDF_PAGES:
        raise Rejected("too_many_pages", f"has {pages:,} pages; split it into files of at most {PDF_PAGES:,}")


def _pages(reader: "PdfReader") -> Iterator[list[_Line]]:
    length = 0
    for page in reader.pages:
        lines = _lines(page)
        length += sum(len(line.text) for line in lines)
        if length > TEXT_LIMIT:
            raise Rejected("too_large", f"has more than {TEXT_LIMIT:,} characters of text; split it")
        yield lines


def _lines(page: Any) -> list[_Line]:
    """The page's lines, each with the size of its largest letters."""
    sizes: dict[str, float] = {}

    def note(text: str, _cm: Any, tm: Any, _font: Any, size: float | None) -> None:
        scale = (abs(float(tm[3])) or abs(float(tm[1]))) if tm else 1.0
        for part in text.split("\n"):
            if part.strip():
                sizes[part.strip()] = max(sizes.get(part.strip(), 0.0), float(size or 0) * scale)

    text = page.extract_text(visitor_text=note)
    return [_Line(line.strip(), sizes.get(line.strip(), 0.0)) for line in text.split("\n")]


def _without_running_lines(pages: list[list[_Line]]) -> Iterator[_Line]:
    """All lines, without page numbers, and without what most pages begin or end with at those places."""
    edges = Counter(text for page in pages for text in {line.text for line in _edges(page)})
    running = {text for text, count in edges.items() if len(pages) >= _RUNNING_PAGES and count * 2 > len(pages)}
    for page in pages:
        dropped = [line for line in _edges(page) if line.text in running]
        for line in page:
            if not any(line is each for each in dropped) and not _NUMBER.fullmatch(line.text):
                yield line


def _edges(page: list[_Line]) -> list[_Line]:
    """The page's first and last line that say something."""
    said = _said(page)
    return [*said[:1], *said[-1:]]


def _said(page: list[_Line]) -> list[_Line]:
    return [line for line in page if line.text and not _NUMBER.fullmatch(line.text)]


def _paragraphs(lines: list[_Line]) -> Iterator[str]:
    """Headings marked, and lines that a page's width broke joined again."""
    body = _usual_size(lines)
    open_line = ""
    for line in lines:
        if _is_heading(line, body):
            yield from (open_line, "", f"## {line.text}", "")
            open_line = ""
        elif not line.text:
            yield from (open_line, "")
            open_line = ""
        elif open_line and not _ENDS_SENTENCE.search(open_line) and not _BEGINS_ANEW.match(line.text):
            hyphenated = open_line.endswith("-") and open_line[-2:-1].isalpha()
            open_line = open_line[:-1] + line.text if hyphenated else f"{open_line} {line.text}"
        else:
            if open_line:
                yield open_line
            open_line = line.text
    yield open_line


def _is_heading(line: _Line, body: float) -> bool:
    is_larger = body > 0 and line.size > body * _LARGER
    return is_larger and bool(re.search(r"[^\W\d]", line.text)) and len(line.text) <= _HEADING_LENGTH


def _usual_size(lines: list[_Line]) -> float:
    """The size in which most of the text is written."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    letters.pop(0.0, None)
    return letters.most_common(1)[0][0] if letters else 0.0
